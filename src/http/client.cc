#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

#include "base/environment.h"
#include "base/shown_text.h"
#include "base/stop_signal.h"

namespace crossval {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kMostBody = size_t{128}
                             << 20;  // 262,144 log-probabilities with their texts are 34 MB
constexpr size_t kMostHead = size_t{256} << 10;
constexpr int kMostRedirects = 5;
constexpr milliseconds kConnect{10000};
constexpr milliseconds kFirstWait{500}, kLongestWait{8000};  // of a busy server that names no time

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

using List = std::unique_ptr<curl_slist, FreeList>;

void append(List& list, const std::string& line) {
  list.reset(curl_slist_append(list.release(), line.c_str()));
}

// A URL taken apart; nothing when it is none.
class Url {
 public:
  explicit Url(const std::string& text) : url_(curl_url()) {
    good_ = curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) ==
            CURLUE_OK;
  }

  bool good() const { return good_; }
  bool is_web() const { return part(CURLUPART_SCHEME) == "http" || is_secure(); }
  bool is_secure() const { return part(CURLUPART_SCHEME) == "https"; }
  std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(url_.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string copy = text;
    curl_free(text);
    return copy;
  }
  bool has_same_host(const Url& other) const {
    constexpr std::array kParts = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    return std::ranges::all_of(kParts, [&](CURLUPart p) { return part(p) == other.part(p); });
  }

 private:
  std::unique_ptr<CURLU, FreeUrl> url_;
  bool good_ = false;
};

// What one exchange brings, as it arrives.
struct Transfer {
  std::string body;
  size_t head = 0;  // bytes of header lines
  bool too_long = false;
};

size_t take_body(char* bytes, size_t, size_t count, void* into) {
  auto& transfer = *static_cast<Transfer*>(into);
  if (count > kMostBody - transfer.body.size()) {
    transfer.too_long = true;
    return 0;
  }
  transfer.body.append(bytes, count);
  return count;
}

size_t take_head(char*, size_t, size_t count, void* into) {
  auto& transfer = *static_cast<Transfer*>(into);
  transfer.head += count;
  if (transfer.head <= kMostHead) return count;
  transfer.too_long = true;
  return 0;
}

bool is_busy(int status) { return status == 429 || status == 503; }

bool is_redirect(int status) {
  constexpr std::array kRedirects = {301, 302, 303, 307, 308};
  return std::ranges::find(kRedirects, status) != kRedirects.end();
}

class CurlClient : public HttpClient {
 public:
  explicit CurlClient(const HttpOptions& options)
      : options_(options),
        name_(options.address),
        stop_(options.stop),
        easy_(curl_easy_init()),
        multi_(curl_multi_init()) {}

  bool started() const { return easy_ != nullptr && multi_ != nullptr; }

  Result<HttpAnswer> get(const std::string& path) override { return ask(path, nullptr); }
  Result<HttpAnswer> post(const std::string& path, const std::string& json) override {
    return ask(path, &json);
  }

  std::string quoted(std::string_view text) const override {
    return shown_text(without_key(std::string(text)));
  }
  std::string where() const override { return "engine " + name_; }
  void rename(const std::string& name) override { name_ = name; }

 private:
  std::string without_key(std::string text) const {
    if (options_.key.empty()) return text;
    constexpr std::string_view kInstead = "[key]";
    for (size_t at = 0; (at = text.find(options_.key, at)) != std::string::npos;
         at += kInstead.size()) {
      text.replace(at, options_.key.size(), kInstead);
    }
    return text;
  }

  tl::unexpected<Error> failed(std::string what, std::string hint = {}) const {
    return fail(ExitCode::engine_failed, std::move(what), fmt::format("{}, {}", where(), asked_),
                std::move(hint));
  }

  Result<HttpAnswer> ask(const std::string& path, const std::string* json) {
    asked_ = (json == nullptr ? "GET " : "POST ") + path;
    const auto deadline = Clock::now() + options_.timeout;
    for (milliseconds wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
      auto answer = follow(options_.address + path, json);
      if (!answer || !is_busy(answer->status)) return answer;
      const milliseconds due = asked_to_wait().value_or(wait);
      if (Clock::now() + due > deadline) {
        return failed(
            fmt::format("the server is busy (status {})", answer->status),
            fmt::format("It is asked again for as long as --engine-timeout says; its next "
                        "answer was due in {} s.",
                        std::chrono::ceil<std::chrono::seconds>(due).count()));
      }
      pollfd stopped{stop_.fd(), POLLIN, 0};
      ::poll(&stopped, 1, static_cast<int>(due.count()));
      if (stop_.requested()) return interrupted();
    }
  }

  // As the server said with Retry-After, in seconds or as a date.
  std::optional<milliseconds> asked_to_wait() const {
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0) return std::nullopt;
    constexpr curl_off_t kDay = 86400;
    return std::chrono::seconds(std::min(seconds, kDay));
  }

  // With its redirects, which keep the method.
  Result<HttpAnswer> follow(std::string url, const std::string* json) {
    const Url home(url);
    for (int redirects = 0;; ++redirects) {
      auto answer = exchange(url, json, home.has_same_host(Url(url)));
      if (!answer || !is_redirect(answer->status)) return answer;
      char* to = nullptr;
      curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &to);
      if (to == nullptr) return failed("redirected to nowhere");
      const std::string next = to;
      if (redirects == kMostRedirects) {
        return failed(
            fmt::format("redirected more than {} times, then to {}", kMostRedirects, quoted(next)));
      }
      const Url target(next);
      if (!target.good() || !target.is_web()) {
        return failed("redirected to " + quoted(next) + ", which is no address of http or https");
      }
      if (Url(url).is_secure() && !target.is_secure()) {
        return failed("redirected from https to " + quoted(next) + ", which is not encrypted");
      }
      url = next;
    }
  }

  Result<HttpAnswer> exchange(const std::string& url, const std::string* json, bool with_key) {
    CURL* easy = easy_.get();
    curl_easy_reset(easy);  // what it is connected to stays
    Transfer transfer;
    std::array<char, CURL_ERROR_SIZE> reason{};
    List headers;
    append(headers, "Accept: application/json");
    append(headers, "Content-Type: application/json");
    append(headers, "Expect:");  // a long question is sent without waiting for leave
    if (with_key && !options_.key.empty()) append(headers, "Authorization: Bearer " + options_.key);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "crossval/" CROSSVAL_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(kConnect, options_.timeout).count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason.data());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    // OpenSSL's own variable, which the library does not read where Debian has set its file.
    const std::string certificates = environment_variable("SSL_CERT_FILE");
    if (!certificates.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, certificates.c_str());
    if (json != nullptr) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json->c_str());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(json->size()));
    }
    const CURLcode code = perform();
    // What they point to ends here.
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
    if (stop_.requested()) return interrupted();
    if (code != CURLE_OK) return ended(code, transfer, reason.data());
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return HttpAnswer{static_cast<int>(status), std::move(transfer.body)};
  }

  // Until it is done, failed, or somebody asks to stop.
  CURLcode perform() {
    CURLM* multi = multi_.get();
    CURLcode code = CURLE_FAILED_INIT;
    curl_multi_add_handle(multi, easy_.get());
    curl_waitfd stopped{stop_.fd(), CURL_WAIT_POLLIN, 0};
    for (int running = 1; running > 0 && !stop_.requested();) {
      if (curl_multi_perform(multi, &running) != CURLM_OK) break;
      constexpr int kLook = 1000;  // ms
      if (running > 0) curl_multi_poll(multi, &stopped, stop_.fd() < 0 ? 0 : 1, kLook, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    curl_multi_remove_handle(multi, easy_.get());
    return code;
  }

  tl::unexpected<Error> interrupted() const {
    return fail(ExitCode::interrupted, "interrupted", fmt::format("{}, {}", where(), asked_));
  }

  tl::unexpected<Error> ended(CURLcode code, const Transfer& transfer, const char* reason) const {
    if (transfer.too_long) {
      return failed(fmt::format("its answer is longer than {} MiB, or its header than {} KiB",
                                kMostBody >> 20, kMostHead >> 10),
                    "Ask for fewer log-probabilities with top=K.");
    }
    const std::string why = quoted(*reason != '\0' ? reason : curl_easy_strerror(code));
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return failed(fmt::format("no whole answer within {} s: {}",
                                  static_cast<double>(options_.timeout.count()) / 1e3, why),
                      "Give it longer with --engine-timeout.");
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
      case CURLE_COULDNT_CONNECT:
        return failed("cannot be reached: " + why, "Is the server running, and the address right?");
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
        return failed("its certificate is not trusted: " + why,
                      "SSL_CERT_FILE=FILE names certificates of your own to trust.");
      default:
        return failed("the exchange failed: " + why);
    }
  }

  HttpOptions options_;
  std::string name_;
  std::string asked_;  // "POST /completion"
  StopSignal stop_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
};

void start_library() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

std::string HttpClient::told(std::string_view text) const {
  const std::string whole = quoted(text);
  return whole.substr(1, whole.size() - 2);
}

Result<std::string> checked_address(const std::string& text) {
  const Url url(text);
  const auto refuse = [&](const char* why) {
    return fail(ExitCode::usage, shown_text(text) + " " + why, {},
                "Write http://HOST:PORT, or https://HOST/BASE.");
  };
  if (!url.good() || !url.is_web()) return refuse("is no address of http or https");
  if (!url.part(CURLUPART_USER).empty() || !url.part(CURLUPART_PASSWORD).empty()) {
    return fail(ExitCode::usage, "an address with a user name or a password in it", {},
                "Put a key into the variable CROSSVAL_API_KEY.");
  }
  if (!url.part(CURLUPART_QUERY).empty() || !url.part(CURLUPART_FRAGMENT).empty())
    return refuse("has more in it than a server's address");
  std::string address = text;
  while (address.ends_with('/')) address.pop_back();
  if (address.ends_with("/v1")) address.resize(address.size() - 3);
  return address;
}

Result<std::unique_ptr<HttpClient>> open_http_client(const HttpOptions& options) {
  start_library();
  const bool good = std::ranges::all_of(options.key, [](char c) { return c > ' ' && c < 0x7F; });
  if (!good) {
    return fail(ExitCode::usage, "the API key holds characters that no header can",
                "engine " + options.address, "Look for a blank or an end of line in its variable.");
  }
  auto client = std::make_unique<CurlClient>(options);
  if (!client->started()) return fail(ExitCode::internal, "libcurl does not start");
  return client;
}

}  // namespace crossval
