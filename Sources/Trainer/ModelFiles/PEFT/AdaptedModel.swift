import Foundation

/// A base with an adapter merged into it as its weights are read: W + s·B·A, in fp32, DoRA's rows
/// at their magnitudes, and the weights, and rows of tokens, that stand in the place of the base's.
///
/// Where the base's embedding is its output projection, and the adapter changes one of them or each in its own way, the
/// model has both. Tokens that the adapter brings beyond the base's vocabulary enlarge it.
struct AdaptedModel: ModelSource {
  let configuration: LlamaConfiguration
  let tokenizerFiles: TokenizerFiles
  private let base: any ModelSource
  private let adapter: PEFTAdapter
  private let matrices: LoRAMatrices
  /// The adapted layers by the keys of the weights that they make.
  private let targets: [String: LoRATarget]
  /// The rows of tokens by the keys of the weights that they stand in, and by their ids.
  private let tokenRows: [String: [Int: [Float]]]

  var url: URL { adapter.url }
  var format: String { "a LoRA adapter on \(base.format)" }
  var fileNotes: [String] { base.fileNotes + adapter.notes + untyingNotes }

  /// - Parameter tokenizer: where the tokenizer is; nil: with the adapter, or else with the base.
  init(_ base: any ModelSource, adapter folder: URL, tokenizer: TokenizerFiles?) throws(FileError) {
    self.base = base
    var configuration = try PEFTAdapter.configuration(of: folder, on: base.configuration)
    adapter = try PEFTAdapter(folder, for: configuration)
    try adapter.check(base: base)
    let matrices = try adapter.matrices()
    let targets = Dictionary(uniqueKeysWithValues: adapter.targets.map { (LoRATarget.key(ofWeight: $0.module), $0) })
    if configuration.tieWordEmbeddings {
      let tables = [LlamaParameterName.embedding, LlamaParameterName.output].map { targets[$0] }
      let pairs = tables.map { target in target.flatMap { matrices[$0.module] } }
      configuration.tieWordEmbeddings = pairs[0] == pairs[1] && tables[0]?.scale == tables[1]?.scale
    }
    (self.matrices, self.targets) = (matrices, targets)
    tokenRows = try adapter.tokenRowsByID()
    self.configuration = configuration
    tokenizerFiles = tokenizer ?? (TokenizerFiles.stand(in: folder) ? .folder(folder) : base.tokenizerFiles)
  }

  private var isUntied: Bool { base.configuration.tieWordEmbeddings && !configuration.tieWordEmbeddings }

  private var untyingNotes: [String] {
    isUntied
      ? [
        "\(url.path): the adapter parts embedding and output projection, which are one matrix in \(base.path): the model "
          + "has both"
      ] : []
  }

  /// The base's key of the weight that this one is made from.
  private func baseName(_ name: String) -> String {
    isUntied && name == LlamaParameterName.output ? LlamaParameterName.embedding : name
  }

  func stored(_ name: String) -> StoredTensor? { base.stored(baseName(name)) }

  func file(of name: String) -> String {
    adapter.saved.contains { $0.name == name } ? adapter.weightsPath : base.file(of: baseName(name))
  }

  func withRows<R>(
    _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    if adapter.saved.contains(where: { $0.name == name }) { return try adapter.withSavedRows(rows, of: name, body) }
    if let own = tokenRows[name] { return try withTokenRows(own, rows, of: name, body) }
    guard let target = targets[name], let pair = matrices[target.module] else {
      return try base.withRows(rows, of: baseName(name), body)
    }
    var merged = try base.withRows(rows, of: baseName(name)) { Array($0) }
    let columns = target.inFeatures
    for (index, row) in rows.enumerated() {
      // A row of s·B·A is added up on its own, as the device adds it to the weight.
      var delta = [Float](repeating: 0, count: columns)
      for inner in 0..<target.rank {
        let factor = Float(target.scale) * pair.b[row * target.rank + inner]
        for column in 0..<columns { delta[column] += factor * pair.a[inner * columns + column] }
      }
      for column in 0..<columns { merged[index * columns + column] += delta[column] }
      guard let magnitude = pair.magnitude else { continue }
      let own = index * columns..<(index + 1) * columns
      let factor = magnitude[row] / merged[own].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for place in own { merged[place] *= factor }
    }
    return try merged.withUnsafeBufferPointer { try body($0) }
  }

  /// Rows of a table, `own` in the place of the base's.
  private func withTokenRows<R>(
    _ own: [Int: [Float]], _ rows: Range<Int>, of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) throws -> R {
    let width = configuration.hiddenSize
    var floats: [Float] = []
    let known = rows.clamped(to: 0..<base.configuration.vocabSize)
    if !known.isEmpty { try base.withRows(known, of: name) { floats += $0 } }
    // Every row beyond the base's is one of `own`.
    floats += [Float](repeating: 0, count: rows.count * width - floats.count)
    for (index, row) in rows.enumerated() {
      guard let values = own[row] else { continue }
      floats.replaceSubrange(index * width..<(index + 1) * width, with: values)
    }
    return try floats.withUnsafeBufferPointer { try body($0) }
  }
}

extension AdaptedModel {
  /// The adapter in `folder` on the base that its configuration names.
  ///
  /// - Parameter base: the base in its place.
  init(_ folder: URL, base: URL?, tokenizer: TokenizerFiles?) throws(FileError) {
    let url: URL
    if let base {
      url = base
    } else {
      guard let name = try PEFTAdapter.baseName(of: folder) else {
        throw FileError(.notFound, path: folder.path, "the adapter names no base", remedy: Self.remedy)
      }
      url = try Self.find(name, from: folder)
    }
    self = try AdaptedModel(try openModel(at: url), adapter: folder, tokenizer: tokenizer)
  }

  private static let remedy = "give the base with --model and this folder with --adapter"

  /// A path as it stands, or from the adapter's folder; else the hub's model of that name.
  private static func find(_ name: String, from folder: URL) throws(FileError) -> URL {
    for place in [URL(fileURLWithPath: name), folder.appending(path: name)]
    where FileManager.default.fileExists(atPath: place.path) { return place }
    var hint = ""
    do throws(FileError) {
      let found = try HubCache().model(name)
      if FileManager.default.fileExists(atPath: found.path) { return found }
    } catch {
      guard error.kind == .notFound else { throw error }
      hint = HubName(name, of: .model).map { ", or run `\($0.command)`" } ?? ""
    }
    throw FileError(
      .notFound, path: folder.path, "the adapter names the base '\(name)', which is no file here",
      remedy: remedy + hint)
  }
}
