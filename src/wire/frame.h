// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/api.h"
#include "wire/messages/header.h"

namespace odradek::wire {

// A frame: four bytes with the number of bytes that follow, a header, a message. Frames that are
// read come here without the four bytes; frames that are written have them.

inline constexpr std::size_t kFrameSizeBytes = 4;

// Reads the header of a request. An error (INVALID_REQUEST) for an API that does not exist and for
// bytes that are no header. The version may be one that the API does not have: then the header is
// read as its newest version's would be, and what to answer is the caller's business.
[[nodiscard]] base::Result<RequestHeader> decode_request_header(Reader& reader);

// Reads the header of the response to a request of this API and version.
[[nodiscard]] base::Result<ResponseHeader> decode_response_header(Reader& reader, ApiKey key,
                                                                  Version version);

// The frame of `message`, which is of `layout`, with a header of its own in front.
[[nodiscard]] base::Result<base::OutputChain> frame_message(const MessageLayout& header_layout,
                                                            const void* header,
                                                            Version header_version,
                                                            const MessageLayout& layout,
                                                            const void* message, Version version);

// The frame of a request as a client sends it.
template <typename Request>
[[nodiscard]] base::Result<base::OutputChain> frame_request(const Request& request, Version version,
                                                            std::int32_t correlation_id,
                                                            std::optional<std::string> client_id) {
  RequestHeader header;
  header.request_api_key = static_cast<std::int16_t>(Request::kApiKey);
  header.request_api_version = version;
  header.correlation_id = correlation_id;
  header.client_id = std::move(client_id);
  return frame_message(RequestHeader::layout(), &header,
                       describe_api(Request::kApiKey).request_header_version(version),
                       Request::layout(), &request, version);
}

// The frame of the response to a request with this version and correlation id.
template <typename Response>
[[nodiscard]] base::Result<base::OutputChain> frame_response(const Response& response,
                                                             Version version,
                                                             std::int32_t correlation_id) {
  ResponseHeader header;
  header.correlation_id = correlation_id;
  return frame_message(ResponseHeader::layout(), &header,
                       describe_api(Response::kApiKey).response_header_version(version),
                       Response::layout(), &response, version);
}

}  // namespace odradek::wire
