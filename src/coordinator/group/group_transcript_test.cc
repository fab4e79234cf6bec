// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "coordinator/group/testing/transcript.h"

namespace odradek::coordinator::group {
namespace {

void play(std::string_view transcript, const GroupSettings& settings = {}) {
  EXPECT_EQ(Transcript(settings).play(transcript), transcript);
}

TEST(GroupTranscriptTest, TwoMembersShareAndOneLeaves) {
  play(R"(> 0 join client=a protocols=range:ta
#1 join MEMBER_ID_REQUIRED member=a-1
> 0 join client=a member=a-1 protocols=range:ta
> 3000 tick
#2 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1(ta)
> 3000 sync member=a-1 assign=a-1:p0p1
record group g generation=1 members=a-1:p0p1
#4 sync NONE protocol=range assignment=p0p1
> 3100 join client=b protocols=range:tb
#5 join MEMBER_ID_REQUIRED member=b-2
> 3100 join client=b member=b-2 protocols=range:tb
> 3200 heartbeat member=a-1
heartbeat REBALANCE_IN_PROGRESS
> 3300 join client=a member=a-1 protocols=range:ta
#8 join NONE generation=2 protocol=range leader=a-1 member=a-1 members=a-1(ta)b-2(tb)
#6 join NONE generation=2 protocol=range leader=a-1 member=b-2
> 3400 sync member=b-2 generation=2
> 3500 sync member=a-1 generation=2 assign=a-1:p0,b-2:p1
record group g generation=2 members=a-1:p0,b-2:p1
#10 sync NONE protocol=range assignment=p0
#9 sync NONE protocol=range assignment=p1
> 3600 commit member=a-1 generation=2 at=t:0 offset=5
record offset g t:0 = 5
commit NONE
> 3700 describe
describe NONE Stable type=consumer protocol=range
  a-1 client=a host=/127.0.0.1 metadata=ta assignment=p0
  b-2 client=b host=/127.0.0.1 metadata=tb assignment=p1
> 3800 leave member=b-2
leave NONE
  member b-2 NONE
> 3900 heartbeat member=a-1 generation=2
heartbeat REBALANCE_IN_PROGRESS
> 4000 join member=a-1 protocols=range:ta
#15 join NONE generation=3 protocol=range leader=a-1 member=a-1 members=a-1(ta)
> 4100 sync member=a-1 generation=3 assign=a-1:p0p1
record group g generation=3 members=a-1:p0p1
#16 sync NONE protocol=range assignment=p0p1
)");
}

TEST(GroupTranscriptTest, AReloadedGroupGoesOnAndItsSilentMemberIsRemoved) {
  play(R"(> 0 join version=3
> 3000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
> 3000 sync member=a-1 assign=a-1:p0
record group g generation=1 members=a-1:p0
#3 sync NONE protocol=range assignment=p0
> 3000 commit member=a-1 generation=1 at=t:0 offset=7
record offset g t:0 = 7
commit NONE
> 5000 reload
> 5000 heartbeat member=a-1
heartbeat NONE
> 5000 fetch
fetch NONE
  t:0 offset=7 metadata=
> 14999 tick
> 15000 tick
record group g generation=2 members=
> 15000 list
g consumer Empty classic
> 15000 fetch at=t:0
fetch NONE
  t:0 offset=7 metadata=
> 15000 fetch at=t:1
fetch NONE
  t:1 offset=-1 metadata=
)");
}

TEST(GroupTranscriptTest, TheInitialDelayIsExtendedWhileMembersCome) {
  play(R"(> 0 join client=a version=3 rebalance=8000
> 2000 join client=b version=3 rebalance=8000
> 3000 tick
> 5999 tick
> 6000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()b-2()
#2 join NONE generation=1 protocol=range leader=a-1 member=b-2
)");
}

TEST(GroupTranscriptTest, OldMembersAreAskedToRejoinAndRemovedWhenTheyDoNot) {
  play(R"(> 0 join client=a version=3 rebalance=20000 session=30000
> 3000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
> 3000 sync member=a-1 assign=a-1:all
record group g generation=1 members=a-1:all
#3 sync NONE protocol=range assignment=all
> 4000 join client=b version=3 rebalance=20000 session=30000
> 23999 tick
> 24000 tick
#4 join NONE generation=2 protocol=range leader=b-2 member=b-2 members=b-2()
> 24000 sync member=b-2 generation=2 assign=b-2:all
record group g generation=2 members=b-2:all
#7 sync NONE protocol=range assignment=all
> 24000 heartbeat member=a-1 generation=1
heartbeat UNKNOWN_MEMBER_ID
)");
}

TEST(GroupTranscriptTest, WhoDoesNotSyncIsRemoved) {
  play(R"(> 0 join client=a version=3 rebalance=10000 session=30000
> 1000 join client=b version=3 rebalance=10000 session=30000
> 6000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()b-2()
#2 join NONE generation=1 protocol=range leader=a-1 member=b-2
> 6000 sync member=a-1 assign=a-1:x,b-2:y
record group g generation=1 members=a-1:x,b-2:y
#4 sync NONE protocol=range assignment=x
> 15999 tick
> 16000 tick
> 16000 join client=a member=a-1 rebalance=10000 session=30000
#7 join NONE generation=2 protocol=range leader=a-1 member=a-1 members=a-1()
)");
}

TEST(GroupTranscriptTest, SyncWaitsForTheLeaderAndAnswersEverybody) {
  play(R"(> 0 join client=a version=3
> 0 join client=b version=3
> 6000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()b-2()
#2 join NONE generation=1 protocol=range leader=a-1 member=b-2
> 6000 sync member=b-2
> 6100 sync member=b-2 generation=9
#5 sync ILLEGAL_GENERATION
> 6100 sync member=nobody
#6 sync UNKNOWN_MEMBER_ID
> 6100 sync member=b-2 protocol=other
#7 sync INCONSISTENT_GROUP_PROTOCOL
> 6200 sync member=a-1 assign=a-1:x,b-2:y
record group g generation=1 members=a-1:x,b-2:y
#8 sync NONE protocol=range assignment=x
#4 sync NONE protocol=range assignment=y
> 6300 sync member=b-2
#9 sync NONE protocol=range assignment=y
)");
}

TEST(GroupTranscriptTest, WrongRequestsGetKafkasCodes) {
  play(R"(> 0 join group= client=a
#1 join INVALID_GROUP_ID member=
> 0 join session=5999
#2 join INVALID_SESSION_TIMEOUT member=
> 0 join session=1800001
#3 join INVALID_SESSION_TIMEOUT member=
> 0 join member=unknown
#4 join UNKNOWN_MEMBER_ID member=unknown
> 0 join type=
#5 join INCONSISTENT_GROUP_PROTOCOL member=
> 0 heartbeat member=a-1
heartbeat UNKNOWN_MEMBER_ID
> 0 sync member=a-1
#7 sync UNKNOWN_MEMBER_ID
> 0 leave member=a-1
leave NONE
  member a-1 UNKNOWN_MEMBER_ID
> 0 leave member=a-1 version=2
leave UNKNOWN_MEMBER_ID
> 0 describe
describe GROUP_ID_NOT_FOUND Dead type= protocol=
> 0 describe version=5
describe NONE Dead type= protocol=
> 0 delete
delete GROUP_ID_NOT_FOUND
> 0 delete-offsets
delete-offsets GROUP_ID_NOT_FOUND
> 0 commit generation=3 member=a-1
commit ILLEGAL_GENERATION
> 0 fetch at=t:0
fetch NONE
  t:0 offset=-1 metadata=
)");
}

TEST(GroupTranscriptTest, ProtocolsMustAgree) {
  play(R"(> 0 join client=a version=3 protocols=range,sticky
> 0 join client=b version=3 protocols=sticky,range
> 0 join client=c version=3 protocols=other
#3 join INCONSISTENT_GROUP_PROTOCOL member=
> 0 join client=c version=3 type=connect protocols=range
#4 join INCONSISTENT_GROUP_PROTOCOL member=
> 6000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()b-2()
#2 join NONE generation=1 protocol=range leader=a-1 member=b-2
)");
}

TEST(GroupTranscriptTest, AStaticMemberComesBackWithoutARebalance) {
  play(R"(> 0 join client=a instance=i1 protocols=range:m
> 0 join client=b instance=i2 protocols=range:m
> 6000 tick
#1 join NONE generation=1 protocol=range leader=i1-1 member=i1-1 members=i1-1(m)i2-2(m)
#2 join NONE generation=1 protocol=range leader=i1-1 member=i2-2
> 6000 sync member=i1-1 instance=i1 assign=i1-1:x,i2-2:y
record group g generation=1 members=i1-1:x,i2-2:y
#4 sync NONE protocol=range assignment=x
> 6000 sync member=i2-2 instance=i2
#5 sync NONE protocol=range assignment=y
> 7000 join client=b instance=i2 protocols=range:m
record group g generation=1 members=i1-1:x,i2-3:y
#6 join NONE generation=1 protocol=range leader=i1-1 member=i2-3
> 7000 sync member=i2-3 instance=i2
#7 sync NONE protocol=range assignment=y
> 7000 heartbeat member=i2-2 instance=i2
heartbeat FENCED_INSTANCE_ID
> 7000 heartbeat member=i2-3 instance=i2
heartbeat NONE
> 8000 join client=a instance=i1 protocols=range:m
record group g generation=1 members=i1-4:x,i2-3:y
#10 join NONE generation=1 protocol=range leader=i1-4 member=i1-4 skip-assignment members=i1-4(m)i2-3(m)
> 9000 join client=a instance=i1 protocols=range:m version=8
record group g generation=1 members=i1-5:x,i2-3:y
#11 join NONE generation=1 protocol=range leader=i1-4 member=i1-5
> 9000 leave instance=i2
leave NONE
  member  NONE
> 9000 leave instance=i9
leave NONE
  member  UNKNOWN_MEMBER_ID
)");
}

TEST(GroupTranscriptTest, AStaticMemberThatSyncsIsFencedByItsSuccessor) {
  play(R"(> 0 join client=a instance=i1
> 0 join client=b instance=i2
> 6000 tick
#1 join NONE generation=1 protocol=range leader=i1-1 member=i1-1 members=i1-1()i2-2()
#2 join NONE generation=1 protocol=range leader=i1-1 member=i2-2
> 6000 sync member=i2-2 instance=i2
> 6100 join client=b instance=i2
#4 sync FENCED_INSTANCE_ID
)");
}

TEST(GroupTranscriptTest, TheLeaderRejoiningMakesTheAssignmentAnew) {
  play(R"(> 0 join client=a version=3
> 0 join client=b version=3
> 6000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()b-2()
#2 join NONE generation=1 protocol=range leader=a-1 member=b-2
> 6000 sync member=a-1 assign=a-1:x,b-2:y
record group g generation=1 members=a-1:x,b-2:y
#4 sync NONE protocol=range assignment=x
> 6000 sync member=b-2
#5 sync NONE protocol=range assignment=y
> 7000 join client=b member=b-2
#6 join NONE generation=1 protocol=range leader=a-1 member=b-2
> 7000 join client=a member=a-1
> 7000 heartbeat member=b-2
heartbeat REBALANCE_IN_PROGRESS
> 7100 join client=b member=b-2
#7 join NONE generation=2 protocol=range leader=a-1 member=a-1 members=a-1()b-2()
#9 join NONE generation=2 protocol=range leader=a-1 member=b-2
)");
}

TEST(GroupTranscriptTest, AMemberThatJoinsAgainWhileItsFirstJoinWaits) {
  play(R"(> 0 join client=a version=3
> 100 join client=a member=a-1
#1 join REBALANCE_IN_PROGRESS member=a-1
> 3000 tick
#2 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
)");
}

TEST(GroupTranscriptTest, TheGroupIsBounded) {
  play(R"(> 0 join client=a version=3
> 0 join client=b version=3
#2 join GROUP_MAX_SIZE_REACHED member=
> 3000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
> 3000 sync member=a-1 assign=a-1:x
record group g generation=1 members=a-1:x
#4 sync NONE protocol=range assignment=x
> 3000 join client=b version=3
#5 join GROUP_MAX_SIZE_REACHED member=
)",
       {.max_size = 1});
}

TEST(GroupTranscriptTest, OffsetsOfAGroupWithoutMembers) {
  play(R"(> 0 commit at=t:0 offset=3 metadata=note
record offset g t:0 = 3
commit NONE
> 0 commit at=t:1 offset=4
record offset g t:1 = 4
commit NONE
> 0 commit at=t:1 offset=4 metadata=123456789012345678901
commit OFFSET_METADATA_TOO_LARGE
> 0 fetch
fetch NONE
  t:0 offset=3 metadata=note
  t:1 offset=4 metadata=
> 0 fetch at=t:0
fetch NONE
  t:0 offset=3 metadata=note
> 0 list
g  Empty classic
> 0 list states=stable
> 0 list states=EMPTY types=classic
g  Empty classic
> 0 list types=consumer
> 0 describe
describe NONE Empty type= protocol=
> 0 delete-offsets at=t:1
record offset g t:1 deleted
delete-offsets NONE
  t NONE
> 0 delete-offsets at=t:5
delete-offsets NONE
  t NONE
> 0 topics-deleted topic=t
record offset g t:0 deleted
> 0 fetch
fetch NONE
> 0 delete
record group g deleted
delete NONE
> 0 fetch
fetch NONE
)",
       {.offset_metadata_max_bytes = 20});
}

TEST(GroupTranscriptTest, CommitsAreChecked) {
  play(R"(> 0 join client=a version=3 protocols=range:m
> 0 commit generation=1 member=a-1
commit ILLEGAL_GENERATION
> 3000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1(m)
> 3000 commit generation=1 member=a-1
commit REBALANCE_IN_PROGRESS
> 3000 sync member=a-1 assign=a-1:x
record group g generation=1 members=a-1:x
#5 sync NONE protocol=range assignment=x
> 3000 commit generation=1 member=a-1 at=t:0 offset=1
record offset g t:0 = 1
commit NONE
> 3000 commit generation=2 member=a-1
commit ILLEGAL_GENERATION
> 3000 commit generation=1 member=b-9
commit UNKNOWN_MEMBER_ID
> 3000 commit
commit UNKNOWN_MEMBER_ID
> 3000 delete
delete NON_EMPTY_GROUP
> 3000 delete-offsets
delete-offsets NONE
  t GROUP_SUBSCRIBED_TO_TOPIC
)");
}

TEST(GroupTranscriptTest, OffsetsExpireWhenNobodyUsesThem) {
  play(R"(> 0 commit at=t:0 offset=3
record offset g t:0 = 3
commit NONE
> 500 expire
> 1000 expire
record offset g t:0 deleted
record group g deleted
> 1000 fetch
fetch NONE
> 2000 join client=a version=3 session=6000
> 5000 tick
#5 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
> 5000 sync member=a-1 assign=a-1:x
record group g generation=1 members=a-1:x
#7 sync NONE protocol=range assignment=x
> 5000 commit generation=1 member=a-1 at=t:0 offset=9
record offset g t:0 = 9
commit NONE
> 5000 leave member=a-1
record group g generation=2 members=
leave NONE
  member a-1 NONE
> 5999 expire
> 6000 expire
record offset g t:0 deleted
record group g deleted
> 6000 list
)",
       {.offsets_retention_ms = 1000});
}

TEST(GroupTranscriptTest, OffsetsWithTheirOwnRetention) {
  play(R"(> 0 commit at=t:0 offset=3 retention=5000 version=4
record offset g t:0 = 3
commit NONE
> 2000 expire
> 5000 expire
record offset g t:0 deleted
record group g deleted
)",
       {.offsets_retention_ms = 1000});
}

TEST(GroupTranscriptTest, TheLongestRetentionNeverEnds) {
  play(R"(> 1000 commit at=t:0 offset=3 retention=9223372036854775807 version=4
record offset g t:0 = 3
commit NONE
> 90000 expire
> 90000 fetch at=t:0
fetch NONE
  t:0 offset=3 metadata=
)",
       {.offsets_retention_ms = 1000});
}

TEST(GroupTranscriptTest, AGroupThatSomebodyIsJoiningIsNotExpired) {
  play(R"(> 0 join client=a
#1 join MEMBER_ID_REQUIRED member=a-1
> 1000 expire
> 1000 join client=a member=a-1
> 4000 tick
#3 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
)");
}

TEST(GroupTranscriptTest, AMemberIdThatIsNotUsedIsForgotten) {
  play(R"(> 0 join client=a
#1 join MEMBER_ID_REQUIRED member=a-1
> 0 join client=b version=3
> 9999 tick
#2 join NONE generation=1 protocol=range leader=b-2 member=b-2 members=b-2()
> 10000 tick
> 10001 join client=a member=a-1
#5 join UNKNOWN_MEMBER_ID member=a-1
)");
}

TEST(GroupTranscriptTest, APendingMemberLeaves) {
  play(R"(> 0 join client=a
#1 join MEMBER_ID_REQUIRED member=a-1
> 0 leave member=a-1
leave NONE
  member a-1 NONE
> 0 join client=a member=a-1
#3 join UNKNOWN_MEMBER_ID member=a-1
)");
}

TEST(GroupTranscriptTest, AnAssignmentBeyondTheBoundIsRefusedAndTheGroupGoesOn) {
  play(R"(> 0 join client=a version=3
> 3000 tick
#1 join NONE generation=1 protocol=range leader=a-1 member=a-1 members=a-1()
> 3000 sync member=a-1 assign=a-1:this-is-too-long
#3 sync UNKNOWN_SERVER_ERROR
> 3000 sync member=a-1 assign=a-1:x
record group g generation=1 members=a-1:x
#4 sync NONE protocol=range assignment=x
)",
       {.max_group_bytes = 90});
}

}  // namespace
}  // namespace odradek::coordinator::group
