// SPDX-License-Identifier: Apache-2.0
#include "net/server_test_fixture.h"

namespace odradek::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(ServerTest, AnswersAndTellsTheSessionWhoItIs) {
  Client client(start());
  client.send("hello");
  EXPECT_EQ(client.receive(), "hello");
  EXPECT_EQ(script_.last()->listener, "TEST");
  EXPECT_EQ(script_.last()->security_protocol, "PLAINTEXT");
  EXPECT_EQ(script_.last()->peer.host, "127.0.0.1");
  EXPECT_EQ(script_.last()->local.host, "127.0.0.1");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrderWhateverTheOrderOfAnswers) {
  Client client(start());
  client.send_raw(framed("later 1") + framed("now 2") + framed("later 3") + framed("nothing") +
                  framed("now 5"));
  Reply third = script_.take("later 3");
  Reply first = script_.take("later 1");
  third.send(answer("three"));
  EXPECT_FALSE(client.has_input());
  first.send(answer("one"));
  EXPECT_EQ(client.receive(), "one");
  EXPECT_EQ(client.receive(), "now 2");
  EXPECT_EQ(client.receive(), "three");
  EXPECT_EQ(client.receive(), "now 5");
}

TEST_F(ServerTest, AnswersComeFromAnyThread) {
  Client client(start());
  std::string requests;
  for (int i = 0; i < 90; ++i) requests += framed("later " + std::to_string(i));
  client.send_raw(requests);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = thread; i < 90; i += 3) {
        const std::string name = "later " + std::to_string(i);
        script_.take(name).send(answer(name));
      }
    });
  }
  for (int i = 0; i < 90; ++i) EXPECT_EQ(client.receive(), "later " + std::to_string(i));
}

TEST_F(ServerTest, BytesMayComeOneByOne) {
  Client client(start());
  const std::string bytes = framed("slowly") + framed("but surely");
  for (const char byte : bytes) client.send_raw({&byte, 1});
  EXPECT_EQ(client.receive(), "slowly");
  EXPECT_EQ(client.receive(), "but surely");
}

TEST_F(ServerTest, LargeRequestsAndAnswersPass) {
  Client client(start());
  const std::string content(30U << 20U, 'x');
  std::thread sender([&] { client.send(content); });
  EXPECT_EQ(client.receive(), content);
  sender.join();
  client.send("small");
  EXPECT_EQ(client.receive(), "small");
  finish_tasks();
  EXPECT_EQ(server_->queued_request_bytes(), 0U);
}

TEST_F(ServerTest, ATooLongOrNegativeLengthClosesOnlyItsConnection) {
  const env::Address address = start({.request_max_bytes = 1000});
  Client other(address);
  for (const std::string& length :
       {std::string("\x7f\xff\xff\xff"), std::string("\xff\xff\xff\xff"),
        std::string("\0\0\x03\xe9", 4)}) {
    Client client(address);
    client.send("before");
    client.send_raw(length);
    EXPECT_EQ(client.receive(), "before");
    EXPECT_EQ(client.receive(), "closed");
  }
  other.send("still here");
  EXPECT_EQ(other.receive(), "still here");
}

TEST_F(ServerTest, AHalfClosedClientGetsItsAnswers) {
  Client client(start());
  client.send_raw(framed("later a") + framed("b"));
  client.end_output();
  script_.take("later a").send(answer("a"));
  EXPECT_EQ(client.receive(), "a");
  EXPECT_EQ(client.receive(), "b");
  EXPECT_EQ(client.receive(), "closed");
  script_.wait_for(script_.closed_count, 1);
}

TEST_F(ServerTest, ClosingComesAfterTheAnswersBeforeIt) {
  const env::Address address = start();
  Client client(address);
  client.send_raw(framed("later a") + framed("close") + framed("never"));
  script_.take("later a").send(answer("a"));
  EXPECT_EQ(client.receive(), "a");
  EXPECT_EQ(client.receive(), "closed");
  Client second(address);
  second.send_raw(framed("last") + framed("never"));
  EXPECT_EQ(second.receive(), "last");
  EXPECT_EQ(second.receive(), "closed");
}

TEST_F(ServerTest, ARequestThatNobodyAnswersClosesTheConnection) {
  const env::Address address = start();
  Client client(address);
  client.send("drop");
  EXPECT_EQ(client.receive(), "closed");
  Client second(address);
  second.send("later x");
  {
    const Reply dropped = script_.take("later x");
  }
  EXPECT_EQ(second.receive(), "closed");
}

TEST_F(ServerTest, AnswersAfterTheClientHasGoneAreIgnored) {
  const env::Address address = start();
  auto client = std::make_unique<Client>(address);
  client->send("later x");
  Reply reply = script_.take("later x");
  EXPECT_TRUE(reply.connected());
  const linger reset{1, 0};
  setsockopt(client->descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  client.reset();
  script_.wait_for(script_.closed_count, 1);
  EXPECT_FALSE(reply.connected());
  reply.send(answer("too late"));
  Client next(address);
  next.send("served");
  EXPECT_EQ(next.receive(), "served");
}

TEST_F(ServerTest, StoppingFinishesWhatIsInFlight) {
  const env::Address address = start();
  Client idle(address);
  Client client(address);
  client.send("later x");
  Reply reply = script_.take("later x");
  std::promise<void> done;
  on_home([&] {
    server_->stop(seconds(20), [&] { done.set_value(); });
    return 0;
  });
  EXPECT_EQ(idle.receive(), "closed");
  reply.send(answer("x"));
  EXPECT_EQ(client.receive(), "x");
  EXPECT_EQ(client.receive(), "closed");
  done.get_future().wait();
  EXPECT_EQ(server_->connection_count(), 0U);
}

TEST_F(ServerTest, StoppingDoesNotWaitForEver) {
  Client client(start());
  client.send("later x");
  Reply reply = script_.take("later x");
  std::promise<void> done;
  on_home([&] {
    server_->stop(milliseconds(20), [&] { done.set_value(); });
    return 0;
  });
  done.get_future().wait();
  EXPECT_EQ(client.receive(), "closed");
  reply.send(answer("x"));
}

TEST_F(ServerTest, APortInUseNamesTheListener) {
  const env::Address address = start();
  const auto second =
      on_home([&] { return server_->listen({.name = "INTERNAL", .address = address}); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "listener INTERNAL: cannot listen on " + address.to_string() +
                                        ": Address already in use");
}

}  // namespace
}  // namespace odradek::net
