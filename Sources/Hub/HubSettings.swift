import Foundation
import Trainer

/// Settings of huggingface_hub that the environment gives: address, token, permission to use the network.
package struct HubSettings: Sendable {
  /// Address of the hub without a slash at its end (`HF_ENDPOINT`).
  package let endpoint: String
  /// Secret that the hub knows a person by; nil: none.
  package let token: String?
  /// True where nothing may be fetched (`HF_HUB_OFFLINE`).
  package let isOffline: Bool

  package init(endpoint: String, token: String? = nil, isOffline: Bool = false) {
    (self.endpoint, self.token, self.isOffline) = (endpoint, token, isOffline)
  }

  /// Reads `HF_ENDPOINT`, `HF_TOKEN` or the file that `hf auth login` writes, and `HF_HUB_OFFLINE`.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws(HubError) {
    var address = environment["HF_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 } ?? "https://huggingface.co"
    while address.hasSuffix("/") { address.removeLast() }
    guard let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host != nil, url.user == nil
    else {
      throw HubError(65, "HF_ENDPOINT is '\(address)', which is no address", "write it as in https://huggingface.co")
    }
    endpoint = address
    isOffline = ["1", "on", "yes", "true"].contains(environment["HF_HUB_OFFLINE"]?.lowercased())
    token = try Self.token(environment)
  }

  private static func token(_ environment: [String: String]) throws(HubError) -> String? {
    let file =
      environment["HF_TOKEN_PATH"].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
      ?? HubCache.home(environment: environment).appending(path: "token")
    let given = environment["HF_TOKEN"] ?? environment["HUGGING_FACE_HUB_TOKEN"]
    var text = given ?? ""
    if given == nil {
      do throws(FileError) {
        text = String(decoding: try InputFile.contentsIfPresent(file.path, limit: 4096) ?? Data(), as: UTF8.self)
      } catch {
        throw HubError(error)
      }
    }
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    // Anything else would end the header that carries it.
    guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw HubError(
        65, "\(given == nil ? file.path : "HF_TOKEN") holds no token", "copy it again from the hub's settings")
    }
    return token.isEmpty ? nil : token
  }
}
