import CCurl
import Glibc

/// The machine's libcurl, found when it is first used.
struct CurlLibrary: @unchecked Sendable {
  let easyInit: UnsafeMutableRawPointer
  let setOption: UnsafeMutableRawPointer
  let perform: UnsafeMutableRawPointer
  let info: UnsafeMutableRawPointer
  let reset: UnsafeMutableRawPointer
  let cleanup: UnsafeMutableRawPointer
  let errorText: UnsafeMutableRawPointer
  let append: UnsafeMutableRawPointer
  let free: UnsafeMutableRawPointer

  /// Names of the library as distributions give it, by the TLS library that it is built with.
  private static let names = ["libcurl.so.4", "libcurl-gnutls.so.4"]

  /// The library, opened once for the process; nil where the machine has none. It is never closed.
  static let shared: CurlLibrary? = CurlLibrary()

  private init?() {
    guard let library = Self.names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
      let globalInit = dlsym(library, "curl_global_init"), accrete_curl_global_init(globalInit) == 0,
      let easyInit = dlsym(library, "curl_easy_init"), let setOption = dlsym(library, "curl_easy_setopt"),
      let perform = dlsym(library, "curl_easy_perform"), let info = dlsym(library, "curl_easy_getinfo"),
      let reset = dlsym(library, "curl_easy_reset"), let cleanup = dlsym(library, "curl_easy_cleanup"),
      let errorText = dlsym(library, "curl_easy_strerror"), let append = dlsym(library, "curl_slist_append"),
      let free = dlsym(library, "curl_slist_free_all")
    else { return nil }
    self.easyInit = easyInit
    self.setOption = setOption
    self.perform = perform
    self.info = info
    self.reset = reset
    self.cleanup = cleanup
    self.errorText = errorText
    self.append = append
    self.free = free
  }
}
