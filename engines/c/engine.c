/* An engine in plain C, from docs/protocol.md alone: `cc -O2 -o engine engine.c`, exec:./engine,n_vocab=365.
 *
 * Its model is a toy: the logit of id v behind the ids a, b is sin(a + 2 b + v). What matters is the conversation. It has
 * one thread and so reads nothing while it computes, sends no checksums, cannot tokenise and shows no tensors: all of
 * that the protocol allows. Integers are taken as they lie in memory: little-endian machines only.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELLO = 1, EVALUATE = 5, CANCEL = 7, SHUTDOWN = 8, READY = 129, ROW = 133, DONE = 135, ERROR = 136 };
enum { HEADER = 20, MAX_PAYLOAD = 64 << 20, N_CTX = 2048 };

static int32_t n_vocab = 365, ids[N_CTX], evaluated = 0;
static float *row;

static void send_frame(uint16_t type, const void *first, uint32_t first_size, const void *second, uint32_t second_size) {
  unsigned char head[HEADER] = "XVAL";
  const uint16_t version = 2;
  const uint32_t length = first_size + second_size;
  memcpy(head + 4, &version, 2);
  memcpy(head + 6, &type, 2);
  memcpy(head + 8, &length, 4); /* and a checksum of 0: none */
  fwrite(head, 1, HEADER, stdout);
  fwrite(first, 1, first_size, stdout);
  if (second_size > 0) fwrite(second, 1, second_size, stdout);
  fflush(stdout);
}

static void send_error(const char *what) {
  char json[200];
  const int length = snprintf(json, sizeof json, "{\"kind\": \"usage\", \"what\": \"%s\"}", what);
  send_frame(ERROR, json, (uint32_t)length, NULL, 0);
}

/* The next "text" behind *at, which moves behind it; NULL at the end of the object. Settings hold no escapes that matter
 * here. */
static char *next_text(char **at) {
  char *begin = strpbrk(*at, "\"}"), *end;
  if (begin == NULL || *begin == '}') return NULL;
  for (end = ++begin; *end != '"' && *end != '\0'; ++end) {
    if (*end == '\\' && end[1] != '\0') ++end;
  }
  *at = *end == '\0' ? end : end + 1;
  *end = '\0';
  return begin;
}

/* 0 where a setting is not known: "model": "m.gguf", "kv": "f16", … */
static int take_settings(char *json) {
  static const char *const known[] = {"model", "kv", "threads", "n_ctx", "n_batch", "tokens_only"};
  char *at = strstr(json, "\"settings\""), *key, *value;
  if (at == NULL || (at = strchr(at, '{')) == NULL) return 0;
  while ((key = next_text(&at)) != NULL && (value = next_text(&at)) != NULL) {
    size_t i = 0;
    while (i < sizeof known / sizeof *known && strcmp(key, known[i]) != 0) ++i;
    if (i < sizeof known / sizeof *known) continue; /* has no meaning for a toy */
    if (strcmp(key, "n_vocab") != 0 || (n_vocab = atoi(value)) < 1) return 0;
  }
  return 1;
}

static int speaks_version_2(const char *json) {
  const char *versions = strstr(json, "\"versions\""), *end;
  if (versions == NULL || (versions = strchr(versions, '[')) == NULL || (end = strchr(versions, ']')) == NULL) return 0;
  for (const char *at = versions; at < end; ++at) {
    if (at[0] == '2' && (at[-1] < '0' || at[-1] > '9') && (at[1] < '0' || at[1] > '9')) return 1;
  }
  return 0;
}

static int hello(char *json) {
  char ready[400];
  if (!speaks_version_2(json)) return send_error("this engine speaks version 2"), 0;
  if (!take_settings(json)) return send_error("a setting is not known"), 0;
  row = malloc(sizeof *row * (size_t)n_vocab);
  if (row == NULL) return send_error("not enough memory"), 0;
  const int length = snprintf(ready, sizeof ready,
                              "{\"identity\": {\"name\": \"toy\", \"version\": \"1\"}, \"settings\": {\"n_vocab\": %d, "
                              "\"n_ctx\": %d, \"kv_type_k\": \"f32\", \"kv_type_v\": \"f32\"}, "
                              "\"capabilities\": {\"all_logits\": true, \"decode\": true}}",
                              n_vocab, N_CTX);
  send_frame(READY, ready, (uint32_t)length, NULL, 0);
  return 1;
}

/* Takes the ids of a request, i32 first; u32 rows: 0 all, 1 the last; then i32 per id. What is wrong with it, or NULL. */
static const char *take_ids(const unsigned char *payload, uint32_t length, int32_t *first, uint32_t *last) {
  if (length < 12 || length % 4 != 0) return "no ids";
  const int32_t count = (int32_t)(length / 4 - 2);
  memcpy(first, payload, 4);
  memcpy(last, payload + 4, 4);
  if (*first != 0 && *first != evaluated) return "positions in between are missing";
  if (count > N_CTX - *first) return "more positions than fit";
  for (int32_t i = 0; i < count; ++i) {
    int32_t id;
    memcpy(&id, payload + 8 + 4 * i, 4);
    if (id < 0 || id >= n_vocab) return "an id is not in the vocabulary";
    ids[*first + i] = id;
  }
  evaluated = *first + count;
  return NULL;
}

static void evaluate(const unsigned char *payload, uint32_t length) {
  int32_t first = 0;
  uint32_t last = 0;
  const char *problem = take_ids(payload, length, &first, &last);
  if (problem != NULL) {
    send_error(problem);
    return;
  }
  for (int32_t position = last ? evaluated - 1 : first; position < evaluated; ++position) {
    const int32_t before = position > 0 ? ids[position - 1] : 0;
    for (int32_t v = 0; v < n_vocab; ++v) row[v] = sinf((float)(before + 2 * ids[position] + v));
    send_frame(ROW, &position, 4, row, 4 * (uint32_t)n_vocab);
  }
  send_frame(DONE, "", 1, NULL, 0); /* one byte: 0, complete */
}

int main(void) {
  unsigned char head[HEADER];
  while (fread(head, 1, HEADER, stdin) == HEADER) {
    uint16_t type;
    uint32_t length;
    memcpy(&type, head + 6, 2);
    memcpy(&length, head + 8, 4);
    unsigned char *payload = length <= MAX_PAYLOAD ? malloc((size_t)length + 1) : NULL;
    if (memcmp(head, "XVAL", 4) != 0 || payload == NULL || fread(payload, 1, length, stdin) != length) return 2;
    payload[length] = '\0';
    if (type == HELLO && !hello((char *)payload)) return 1;
    if (type == EVALUATE) evaluate(payload, length);
    if (type == SHUTDOWN) return 0;
    if (type != HELLO && type != EVALUATE && type != CANCEL) send_error("this engine answers evaluate alone");
    free(payload);
  }
  return 0; /* crossval is gone */
}
