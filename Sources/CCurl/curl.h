// The part of libcurl's interface that `Hub` uses (libcurl.so.4, whose numbers have been the same since 2006).
//
// The library is found at run time (dlopen): only `accrete download` needs it, and a program that were linked with it
// would not start at all where it is missing. curl_easy_setopt and curl_easy_getinfo take arguments of any type, which
// Swift cannot call; these functions have one type each.
#pragma once

#include <stddef.h>

// What the options and results are called in curl/curl.h.
enum {
  ACCRETE_CURLOPT_WRITEDATA = 10001,
  ACCRETE_CURLOPT_URL = 10002,
  ACCRETE_CURLOPT_ERRORBUFFER = 10010,
  ACCRETE_CURLOPT_USERAGENT = 10018,
  ACCRETE_CURLOPT_LOW_SPEED_LIMIT = 19,
  ACCRETE_CURLOPT_LOW_SPEED_TIME = 20,
  ACCRETE_CURLOPT_HTTPHEADER = 10023,
  ACCRETE_CURLOPT_HEADERDATA = 10029,
  ACCRETE_CURLOPT_NOPROGRESS = 43,
  ACCRETE_CURLOPT_XFERINFODATA = 10057,
  ACCRETE_CURLOPT_CONNECTTIMEOUT = 78,
  ACCRETE_CURLOPT_BUFFERSIZE = 98,
  ACCRETE_CURLOPT_NOSIGNAL = 99,
  ACCRETE_CURLOPT_PROTOCOLS = 181,
  ACCRETE_CURLOPT_WRITEFUNCTION = 20011,
  ACCRETE_CURLOPT_HEADERFUNCTION = 20079,
  ACCRETE_CURLOPT_XFERINFOFUNCTION = 20219,
  ACCRETE_CURLINFO_RESPONSE_CODE = 0x200002,
  ACCRETE_CURLPROTO_HTTP = 1,
  ACCRETE_CURLPROTO_HTTPS = 2,
  ACCRETE_CURL_GLOBAL_DEFAULT = 3,
  ACCRETE_CURLE_WRITE_ERROR = 23,
  ACCRETE_CURLE_ABORTED_BY_CALLBACK = 42,
};

// Receives `count` pieces of `size` bytes; returns how many bytes were taken, any other number ends the transfer.
typedef size_t (*accrete_curl_sink)(char *bytes, size_t size, size_t count, void *context);
// Called about once a second; any number but 0 ends the transfer.
typedef int (*accrete_curl_progress)(
    void *context, long long total, long long done, long long to_send, long long sent);

// In what follows `function` is the address of curl_easy_setopt, curl_easy_getinfo or the function in the name.

static inline int accrete_curl_set_long(void *function, void *handle, int option, long value) {
  return ((int (*)(void *, int, ...))function)(handle, option, value);
}

static inline int accrete_curl_set_pointer(void *function, void *handle, int option, const void *value) {
  return ((int (*)(void *, int, ...))function)(handle, option, value);
}

static inline int accrete_curl_set_sink(void *function, void *handle, int option, accrete_curl_sink value) {
  return ((int (*)(void *, int, ...))function)(handle, option, value);
}

static inline int accrete_curl_set_progress(void *function, void *handle, accrete_curl_progress value) {
  return ((int (*)(void *, int, ...))function)(handle, ACCRETE_CURLOPT_XFERINFOFUNCTION, value);
}

static inline long accrete_curl_status(void *function, void *handle) {
  long status = 0;
  ((int (*)(void *, int, ...))function)(handle, ACCRETE_CURLINFO_RESPONSE_CODE, &status);
  return status;
}

static inline int accrete_curl_global_init(void *function) {
  return ((int (*)(long))function)(ACCRETE_CURL_GLOBAL_DEFAULT);
}

static inline void *accrete_curl_easy_init(void *function) { return ((void *(*)(void))function)(); }

static inline int accrete_curl_easy_perform(void *function, void *handle) {
  return ((int (*)(void *))function)(handle);
}

static inline void accrete_curl_easy_reset(void *function, void *handle) { ((void (*)(void *))function)(handle); }

static inline void accrete_curl_easy_cleanup(void *function, void *handle) { ((void (*)(void *))function)(handle); }

static inline const char *accrete_curl_easy_strerror(void *function, int code) {
  return ((const char *(*)(int))function)(code);
}

static inline void *accrete_curl_slist_append(void *function, void *list, const char *line) {
  return ((void *(*)(void *, const char *))function)(list, line);
}

static inline void accrete_curl_slist_free_all(void *function, void *list) { ((void (*)(void *))function)(list); }
