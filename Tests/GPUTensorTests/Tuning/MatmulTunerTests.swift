import GPUTensor
import Kernels
import TestSupport
import Testing

/// The search of the tuner, with times that the tests make up; and the correctness of every size that it may choose.
@Suite("The tuner of matrix products", .onOpenCL)
struct MatmulTunerTests {
  private let device: Device
  private let shape: MatmulShape
  private var standard: MatmulParameters {
    MatmulChoice.parameters(nil, m: 2048, n: 1536, traits: KernelTraits(device: device))
  }

  init() throws {
    device = try #require(OpenCLDevices.all.first { $0.kind == .cpu })
    shape = try #require(MatmulShape("2048x1536x576"))
  }

  private func tuner(
    isOver: @escaping () -> Bool = { false }, gain: @escaping (MatmulParameters, Bool) -> Double?
  ) -> MatmulTuner {
    MatmulTuner(
      device: device, traits: KernelTraits(device: device), shape: shape,
      trial: { parameters, isLast in
        guard let gain = gain(parameters, isLast) else { return .failed("no") }
        return .measured(MatmulTrial.Result(milliseconds: 1, defaultMilliseconds: gain))
      }, isOver: isOver)
  }

  @Test("the fastest family, then its sizes one after the other; the last word is a longer trial's")
  func search() {
    let finding = tuner { parameters, _ in
      guard parameters.family == .panel else { return 0.5 }
      return 1 + (parameters.panel.chunksPerUnit == 8 ? 0.25 : 0) + (parameters.panel.chunkTiles == 16 ? 0.25 : 0)
        - (parameters.panel.depthBlock == 576 ? 0 : 0.25)
    }.search()
    let best = finding.best?.parameters.panel
    #expect(best?.chunksPerUnit == 8 && best?.chunkTiles == 16 && best?.depthBlock == 576)
    #expect(finding.best?.result.gain == 1.5 && finding.failures.isEmpty && finding.untried == 0)
    // Two other families, and four values of each of three sizes.
    #expect(finding.trials == 2 + 12)
  }

  @Test("what was faster only once, or by less than runs differ, does not take the default's place")
  func lucky() {
    #expect(tuner { _, isLast in isLast ? 1 : 1.5 }.search().best == nil)
    #expect(tuner { _, _ in 1.02 }.search().best == nil)
    #expect(tuner { _, _ in 1.04 }.search().best != nil)
  }

  @Test("what fails is remembered and not tried again; what was found before has to hold again")
  func failures() {
    let first = tuner { parameters, _ in parameters.family == .panel ? 1 : nil }.search()
    #expect(Set(first.failures.map(\.parameters.family)) == [.tile, .clblast] && first.best == nil)
    var tried: [MatmulParameters] = []
    var previous = standard
    previous.panel.chunkTiles = 20
    let second = tuner { parameters, _ in
      tried.append(parameters)
      return parameters == previous ? 1.3 : 1
    }.search(from: previous, avoiding: Set(first.failures.map(\.parameters)))
    #expect(tried.first == previous && second.best?.parameters == previous)
    #expect(tried.allSatisfy { $0.family == .panel } && !tried.contains(standard))
  }

  @Test("when the time is spent the rest is counted, and what was found so far is kept")
  func deadline() {
    var trials = 0
    let finding = tuner(isOver: { trials >= 3 }) { parameters, _ in
      trials += 1
      return parameters.panel.chunksPerUnit == 1 ? 1.2 : 0.9
    }.search()
    #expect(finding.trials == 3 && finding.untried == 11 && finding.best?.parameters.panel.chunksPerUnit == 1)
  }

  @Test("a trial is right, and refuses a wrong kernel or sizes that do not suit")
  func trial() throws {
    let shape = try #require(MatmulShape("130x97x70:tn"))
    func trial(_ parameters: MatmulParameters) -> MatmulTrial {
      MatmulTrial(
        device: device.index, operands: .float32, bf16Method: .rounding, shape: shape, parameters: parameters,
        seconds: 0.01)
    }
    let result = try trial(MatmulParameters(.tile, tile: .init(32, 32, 8, items: 4, 4))).run(on: device)
    #expect(result.milliseconds > 0 && result.defaultMilliseconds > 0)
    #expect(throws: MatmulTrial.Wrong.self) {
      try trial(MatmulParameters(.tile, tile: .init(48, 32, 8, items: 5, 4))).run(on: device)
    }
  }

  @Test(
    "products agree with the CPU in sizes other than the defaults, forward and backward",
    arguments: [
      MatmulParameters(.panel, panel: .init(chunkTiles: 4, depthBlock: 32, chunksPerUnit: 1)),
      MatmulParameters(.tile, tile: .init(32, 64, 8, items: 8, 4)),
    ])
  func parity(_ parameters: MatmulParameters) throws {
    let operation = try #require(OperationRegistry.all.first { $0.stem == "matmul" })
    for operands in OperandType.allCases {
      var traits = KernelTraits(device: device)
      traits.operands = operands
      if operands == .bfloat16 { traits.bf16Method = .fastest(of: OpenCLDevices.bf16Methods(device), on: device) }
      for product in MatmulClass.allCases { traits.tunedProducts[product] = parameters }
      let executor = try OpenCLExecutor(device: device, traits: traits)
      // The families' own tests cover frozen bases in every storage.
      for operationCase in operation.cases(.full) where !operationCase.name.contains(",") {
        let outcome = try CaseRunner.check(operationCase, on: executor)
        #expect(outcome.passed, "\(operationCase.name), \(operands): \(outcome.detail)")
      }
    }
  }
}
