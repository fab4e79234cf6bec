// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/init_producer_id.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/runtime/producer_ids.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::InitProducerIdRequest;
using wire::InitProducerIdResponse;

// Of an answer that gives no id: its epoch is -1 too.
InitProducerIdResponse refusal(ErrorCode code) {
  InitProducerIdResponse response;
  response.error_code = code;
  response.producer_epoch = base::kNoProducerEpoch;
  return response;
}

ErrorCode check(const InitProducerIdRequest& request) {
  const bool knows_id = request.producer_id != base::kNoProducerId;
  const bool knows_epoch = request.producer_epoch != base::kNoProducerEpoch;
  if (knows_id != knows_epoch) return ErrorCode::kInvalidRequest;
  if (!request.transactional_id) return ErrorCode::kNone;
  if (request.transactional_id->empty()) return ErrorCode::kInvalidRequest;
  // Transactions are not there yet, and asking again will not help.
  return ErrorCode::kUnsupportedVersion;
}

}  // namespace

// An idempotent producer gets a fresh id with epoch 0 whatever it had before, as in Kafka: only a
// transactional one keeps its id and has its epoch raised.
void handle_init_producer_id(Services& services, InitProducerIdRequest request,
                             Responder<InitProducerIdResponse> responder) {
  if (const ErrorCode code = check(request); code != ErrorCode::kNone) {
    responder.send(refusal(code));
    return;
  }
  services.producer_ids.next(
      [responder = std::move(responder)](base::Result<base::ProducerId> id) mutable {
        if (!id) {
          responder.send(refusal(id.error().code));
          return;
        }
        InitProducerIdResponse response;
        response.producer_id = *id;
        response.producer_epoch = base::ProducerEpoch(0);
        responder.send(response);
      });
}

}  // namespace odradek::broker::api
