import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// `accrete download`, and models by their names.
  @Suite("download")
  struct DownloadCommandTests {
    private let fixture: CommandFixture
    private let folder = TestData.golden("training/model")

    init() throws { fixture = try CommandFixture() }

    private func environment(_ hub: LoopbackHub? = nil, _ more: [String: String] = [:]) -> [String: String] {
      [
        "HF_HOME": fixture.file("home").path, "HF_ENDPOINT": hub?.server.address ?? "http://127.0.0.1:1",
        "HF_TOKEN": "",
        "HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": "", "HF_HUB_OFFLINE": "",
      ].merging(more) { $1 }
    }

    @Test("a model is fetched, and then has its name in every command")
    func model() throws {
      let repository = try LoopbackHub.Repository(folder: folder)
      let hub = try LoopbackHub(models: ["org/small": repository])
      let absent = try AccreteProcess.run(["inspect", "org/small"], environment: environment())
      #expect(absent.code == 66 && absent.errorLines.count == 1, "\(absent.errors)")
      #expect(absent.errors.contains("`accrete download org/small`"), "\(absent.errors)")
      let fetched = try AccreteProcess.run(["download", "org/small", "--json"], environment: environment(hub))
      #expect(fetched.code == 0, "\(fetched.errors)")
      let json = try fetched.json()
      let snapshot = try #require(json["snapshot"] as? String)
      #expect(snapshot.hasSuffix("home/hub/models--org--small/snapshots/\(repository.commit)"))
      #expect(json["commit"] as? String == repository.commit && json["files"] as? Int == 2)
      #expect(json["bytes"] as? Int == json["fetched_bytes"] as? Int)
      let scores = ["score", "--ids", "5,17,40,99", "--json", "--device", "cpu", "--model"]
      let byPath = try AccreteProcess.run(scores + [folder.path]).json()["token_logprobs"] as? [Double]
      for name in ["org/small", "hf:org/small", "org/small@" + repository.commit] {
        let byName = try AccreteProcess.run(scores + [name], environment: environment()).json()
        #expect(byName["token_logprobs"] as? [Double] == byPath)
      }
      // A path that exists wins; the hub's prefix wins over it.
      try FileManager.default.createDirectory(at: fixture.file("org/small"), withIntermediateDirectories: true)
      let here = "cd '\(fixture.folder.path)'"
      #expect(try AccreteProcess.run(["inspect", "org/small"], environment: environment(), shell: here).code != 0)
      #expect(try AccreteProcess.run(["inspect", "hf:org/small"], environment: environment(), shell: here).code == 0)
      let planned = try AccreteProcess.run(["plan", "--model", "org/small", "--json"], environment: environment())
      #expect(planned.code == 0, "\(planned.errors)")
      let again = try AccreteProcess.run(
        ["download", "org/small"], environment: environment(nil, ["HF_HUB_OFFLINE": "1"]))
      #expect(again.code == 0 && again.output == snapshot + "\n", "\(again.errors)")
      let unwritten = try AccreteProcess.run(
        ["download", "org/small"], environment: environment(nil, ["HF_HUB_OFFLINE": "1"]), output: .full)
      #expect(unwritten.code == 74 && unwritten.errors.contains("No space left on device"), "\(unwritten.errors)")
    }

    @Test("errors have one line and their exit codes")
    func errors() throws {
      let repository = LoopbackHub.Repository(["a-Q4_0.gguf": Data("a".utf8), "a-Q8_0.gguf": Data("b".utf8)])
      let hub = try LoopbackHub(models: ["org/many": repository], datasets: ["org/data": repository])
      func run(_ arguments: String..., more: [String: String] = [:]) throws -> CommandOutcome {
        let outcome = try AccreteProcess.run(["download"] + arguments, environment: environment(hub, more))
        #expect(outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome.errors)")
        return outcome
      }
      #expect(try run("no name").code == 64)
      #expect(try run("org/many@x", "--revision", "y").code == 64)
      #expect(try run("org/many").code == 64)
      #expect(try run("org/many", "--include", "*.bin").code == 66)
      #expect(try run("org/data").errors.contains("add --dataset"))
      #expect(try run("org/absent").code == 66)
      #expect(try run("org/many", more: ["HF_HUB_OFFLINE": "1"]).errors.contains("HF_HUB_OFFLINE"))
      #expect(try run("org/many", more: ["HF_ENDPOINT": "http://127.0.0.1:1"]).code == 74)
      #expect(try run("org/many", more: ["HF_ENDPOINT": "huggingface.co"]).code == 65)
      hub.fail("/api/models", .init(status: 403, headers: ["X-Error-Code": "GatedRepo"]))
      #expect(try run("org/many").code == 74)
      let one = try AccreteProcess.run(["download", "hf:org/many/a-Q8_0.gguf"], environment: environment(hub))
      #expect(one.code == 0, "\(one.errors)")
      let file = URL(fileURLWithPath: one.output.trimmingCharacters(in: .newlines)).appending(path: "a-Q8_0.gguf")
      #expect(try Data(contentsOf: file) == Data("b".utf8))
    }

    @Test("Ctrl-C keeps what was fetched, and the same command goes on")
    func interrupted() throws {
      let content = Data(repeating: 7, count: 2_000_000)
      let hub = try LoopbackHub(models: ["org/large": .init(["model.safetensors": content])])
      // The store's answer is cut, and the next one asks to wait: the signal comes in the wait.
      hub.fail("store/", .init(body: content, cut: 1_000_000), .init(status: 503, headers: ["Retry-After": "100"]))
      let stopped = try AccreteProcess.run(
        ["download", "org/large"], environment: environment(hub), signal: SIGINT
      ) { _, errors in ((try? String(contentsOf: errors, encoding: .utf8)) ?? "").contains("again in 100 s") }
      #expect(stopped.code == 130 && stopped.errorLines.count == 1, "\(stopped.errors)")
      #expect(try AccreteProcess.run(["download", "org/large"], environment: environment(hub)).code == 0)
      #expect(hub.store.requests.last?.headers["range"] == "bytes=1000000-")
    }

    @Test("a run is written with its snapshot, and goes on with that one alone")
    func run() throws {
      var repository = try LoopbackHub.Repository(folder: TrainedModel.folder().resolvingSymlinksInPath())
      func download() throws {
        let hub = try LoopbackHub(models: ["org/grown": repository])
        let outcome = try AccreteProcess.run(["download", "org/grown"], environment: environment(hub))
        #expect(outcome.code == 0, "\(outcome.errors)")
      }
      try download()
      let text = CommandFixture.recipeText(steps: 1)
        .replacing("{preset: tiny, tokenizer: {vocab_size: 259}}", with: "{model: org/grown}")
      try fixture.write(text, "recipe.yaml")
      let trained = try fixture.train("--device", "cpu", environment: environment())
      #expect(trained.code == 0, "\(trained.errors)")
      let resolved = try String(contentsOf: fixture.file("run/recipe.yaml"), encoding: .utf8)
      #expect(resolved.contains("models--org--grown/snapshots/\(repository.commit)"), "\(resolved)")
      let first = repository.commit
      repository.commit = String(repeating: "beef", count: 10)
      try download()
      let moved = try fixture.train("--device", "cpu", "--resume", environment: environment())
      #expect(moved.code == 65 && moved.errors.contains("(base.model=hf:org/grown@\(first))"), "\(moved.errors)")
      let pinned = "base.model=hf:org/grown@\(first)"
      let resumed = try fixture.train(pinned, "--device", "cpu", "--resume", environment: environment())
      #expect(resumed.code == 0, "\(resumed.errors)")
      let absent = try fixture.train("base.model=hf:org/absent", "output_dir=other", environment: environment())
      #expect(absent.code == 66 && absent.errors.contains("`accrete download org/absent`"), "\(absent.errors)")
      let plain = try fixture.train("base.model=org/absent", "output_dir=other", environment: environment())
      #expect(plain.code == 66 && plain.errors.contains("`accrete download org/absent`"), "\(plain.errors)")
    }
  }
}
