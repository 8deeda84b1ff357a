import Foundation
import Testing

import Hub

@Suite("Settings of the hub")
struct HubSettingsTests {
  @Test("address, token and offline come from the environment")
  func variables() throws {
    let home = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: home) }
    var environment = ["HF_HOME": home.path]
    #expect(try HubSettings(environment: environment).endpoint == "https://huggingface.co")
    #expect(try HubSettings(environment: environment).token == nil)
    #expect(try !HubSettings(environment: environment).isOffline)
    try Data("hf_file\n".utf8).write(to: home.appending(path: "token"))
    #expect(try HubSettings(environment: environment).token == "hf_file")
    environment.merge([
      "HF_TOKEN": " hf_given ", "HF_ENDPOINT": "http://mirror.example:8000//", "HF_HUB_OFFLINE": "True",
    ]) { $1 }
    let settings = try HubSettings(environment: environment)
    #expect(settings.token == "hf_given" && settings.endpoint == "http://mirror.example:8000" && settings.isOffline)
  }

  @Test(
    "a token that would end its header, and an odd address, are refused",
    arguments: [
      ["HF_TOKEN": "a\r\nX: y"], ["HF_TOKEN": "a b"], ["HF_ENDPOINT": "huggingface.co"], ["HF_ENDPOINT": "ftp://x"],
      ["HF_ENDPOINT": "https://user@x"],
    ])
  func refused(_ environment: [String: String]) {
    let error = #expect(throws: HubError.self) { try HubSettings(environment: environment) }
    #expect(error?.exitCode == 65)
  }
}
