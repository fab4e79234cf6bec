// SPDX-License-Identifier: Apache-2.0
// What the programme calls of librdkafka 2.0, for FFI::cdef.
typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_conf_s rd_kafka_conf_t;
typedef struct rd_kafka_queue_s rd_kafka_queue_t;
typedef struct rd_kafka_event_s rd_kafka_event_t;
typedef struct rd_kafka_topic_s rd_kafka_topic_t;
typedef struct rd_kafka_headers_s rd_kafka_headers_t;
typedef struct {
  int err;
  rd_kafka_topic_t* rkt;
  int32_t partition;
  void* payload;
  size_t len;
  void* key;
  size_t key_len;
  int64_t offset;
  intptr_t _private;
} rd_kafka_message_t;
typedef struct {
  char* topic;
  int32_t partition;
  int64_t offset;
  void* metadata;
  size_t metadata_size;
  void* opaque;
  int err;
  void* _private;
} rd_kafka_topic_partition_t;
typedef struct {
  int cnt;
  int size;
  rd_kafka_topic_partition_t* elems;
} rd_kafka_list_t;
typedef struct {
  int32_t id;
  char* host;
  int port;
} rd_kafka_broker_t;
typedef struct {
  int32_t id;
  int err;
  int32_t leader;
  int replica_cnt;
  int32_t* replicas;
  int isr_cnt;
  int32_t* isrs;
} rd_kafka_partition_t;
typedef struct {
  char* topic;
  int partition_cnt;
  rd_kafka_partition_t* partitions;
  int err;
} rd_kafka_metadata_topic_t;
typedef struct {
  int broker_cnt;
  rd_kafka_broker_t* brokers;
  int topic_cnt;
  rd_kafka_metadata_topic_t* topics;
} rd_kafka_metadata_t;
typedef struct {
  char* member_id;
  char* client_id;
  char* client_host;
  void* metadata;
  int metadata_size;
  void* assignment;
  int assignment_size;
} rd_kafka_member_t;
typedef struct {
  rd_kafka_broker_t broker;
  char* group;
  int err;
  char* state;
  char* protocol_type;
  char* protocol;
  rd_kafka_member_t* members;
  int member_cnt;
} rd_kafka_group_t;
typedef struct {
  rd_kafka_group_t* groups;
  int group_cnt;
} rd_kafka_group_list_t;

const char* rd_kafka_version_str(void);
const char* rd_kafka_err2name(int err);
rd_kafka_conf_t* rd_kafka_conf_new(void);
int rd_kafka_conf_set(rd_kafka_conf_t*, const char*, const char*, char*, size_t);
void rd_kafka_conf_set_events(rd_kafka_conf_t*, int);
rd_kafka_t* rd_kafka_new(int, rd_kafka_conf_t*, char*, size_t);
void rd_kafka_destroy(rd_kafka_t*);
int rd_kafka_wait_destroyed(int timeout_ms);
int rd_kafka_producev(rd_kafka_t*, ...);
int rd_kafka_flush(rd_kafka_t*, int);
rd_kafka_queue_t* rd_kafka_queue_new(rd_kafka_t*);
rd_kafka_queue_t* rd_kafka_queue_get_main(rd_kafka_t*);
void rd_kafka_queue_destroy(rd_kafka_queue_t*);
rd_kafka_event_t* rd_kafka_queue_poll(rd_kafka_queue_t*, int);
const rd_kafka_message_t* rd_kafka_event_message_next(rd_kafka_event_t*);
int rd_kafka_event_error(rd_kafka_event_t*);
void rd_kafka_event_destroy(rd_kafka_event_t*);
int rd_kafka_poll_set_consumer(rd_kafka_t*);
int rd_kafka_subscribe(rd_kafka_t*, const rd_kafka_list_t*);
int rd_kafka_assign(rd_kafka_t*, const rd_kafka_list_t*);
int rd_kafka_assignment(rd_kafka_t*, rd_kafka_list_t**);
rd_kafka_message_t* rd_kafka_consumer_poll(rd_kafka_t*, int);
int rd_kafka_consumer_close(rd_kafka_t*);
int rd_kafka_commit(rd_kafka_t*, const rd_kafka_list_t*, int);
int rd_kafka_committed(rd_kafka_t*, rd_kafka_list_t*, int);
int rd_kafka_offsets_for_times(rd_kafka_t*, rd_kafka_list_t*, int);
const char* rd_kafka_topic_name(const rd_kafka_topic_t*);
int64_t rd_kafka_message_timestamp(const rd_kafka_message_t*, int*);
int rd_kafka_message_headers(const rd_kafka_message_t*, rd_kafka_headers_t**);
int rd_kafka_header_get_all(const rd_kafka_headers_t*, size_t, const char**, const void**, size_t*);
void rd_kafka_message_destroy(rd_kafka_message_t*);
rd_kafka_list_t* rd_kafka_topic_partition_list_new(int);
rd_kafka_topic_partition_t* rd_kafka_topic_partition_list_add(rd_kafka_list_t*, const char*,
                                                              int32_t);
void rd_kafka_topic_partition_list_destroy(rd_kafka_list_t*);
int rd_kafka_metadata(rd_kafka_t*, int, rd_kafka_topic_t*, const rd_kafka_metadata_t**, int);
void rd_kafka_metadata_destroy(const rd_kafka_metadata_t*);
int rd_kafka_list_groups(rd_kafka_t*, const char*, const rd_kafka_group_list_t**, int);
void rd_kafka_group_list_destroy(const rd_kafka_group_list_t*);
void* rd_kafka_NewTopic_new(const char*, int, int, char*, size_t);
void* rd_kafka_DeleteTopic_new(const char*);
void* rd_kafka_DeleteGroup_new(const char*);
void rd_kafka_CreateTopics(rd_kafka_t*, void**, size_t, const void*, rd_kafka_queue_t*);
void rd_kafka_DeleteTopics(rd_kafka_t*, void**, size_t, const void*, rd_kafka_queue_t*);
void rd_kafka_DeleteGroups(rd_kafka_t*, void**, size_t, const void*, rd_kafka_queue_t*);
const void* rd_kafka_event_CreateTopics_result(rd_kafka_event_t*);
const void* rd_kafka_event_DeleteTopics_result(rd_kafka_event_t*);
const void* rd_kafka_event_DeleteGroups_result(rd_kafka_event_t*);
const void** rd_kafka_CreateTopics_result_topics(const void*, size_t*);
const void** rd_kafka_DeleteTopics_result_topics(const void*, size_t*);
const void** rd_kafka_DeleteGroups_result_groups(const void*, size_t*);
int rd_kafka_topic_result_error(const void*);
const void* rd_kafka_group_result_error(const void*);
