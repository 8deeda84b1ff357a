import GPUTensor

/// Keys and values of the tokens read so far, on the device: of each layer, for several sequences.
///
/// Layers that see everything keep a row for each position of the context. Those with a window keep a ring of rows that
/// does not grow with the context; each row is written twice, a ring's length apart, so that a window is one range
/// wherever it begins.
struct KeyValueCache {
  /// Tokens of a sequence, prompt and answer together.
  let contextLength: Int
  /// Positions that a windowed layer sees; nil: all of the context, as the others.
  private let window: Int?
  /// Rows of a ring; nil: windowed layers keep the whole context too.
  private let ringLength: Int?
  private let configuration: LlamaConfiguration
  /// Of each layer: [rows of all sequences, HKV·D].
  private let layers: [(keys: Variable, values: Variable)]

  /// - Parameter passRows: most tokens of a sequence that one forward pass feeds.
  init(_ configuration: LlamaConfiguration, contextLength: Int, sequences: Int, passRows: Int) {
    self.configuration = configuration
    self.contextLength = contextLength
    // Rows of a pass must not overwrite those that its first token sees.
    let window = configuration.window(within: contextLength)
    let ring = window.map { $0 + passRows - 1 }
    let ringLength = ring.flatMap { 2 * $0 < contextLength ? $0 : nil }
    (self.window, self.ringLength) = (window, ringLength)
    layers = (0..<configuration.numHiddenLayers).map { layer in
      let isRing = configuration.window(ofLayer: layer) != nil
      let rows = isRing ? ringLength.map { 2 * $0 } ?? contextLength : contextLength
      let shape = Shape([sequences * rows, configuration.keyValueWidth])
      return (Variable(name: "keys \(layer)", shape: shape), Variable(name: "values \(layer)", shape: shape))
    }
  }

  /// True where a sequence of `cached` tokens can go on after its first `known` ones: a ring must still hold what the
  /// next token sees.
  func holds(_ known: Int, of cached: Int) -> Bool {
    guard let ringLength, let window, cached > ringLength else { return true }
    return cached - known <= ringLength - window + 1
  }

  /// True where a layer keeps a row for each position.
  private var hasWholeContext: Bool {
    ringLength == nil || configuration.windowedLayers.count < configuration.numHiddenLayers
  }

  /// Rows of a forward pass for some layers, and the places in their caches that the rows' keys and values take.
  struct Rows {
    let tensors: RowTensors
    let places: [Tensor]
  }

  /// The rows of a forward pass as inputs of its graph, int32 [R] each.
  struct Inputs {
    let full: Rows
    let windowed: Rows
    fileprivate let all: [Tensor]
  }

  /// Records the inputs of a pass.
  func inputs(_ graph: Graph) -> Inputs {
    func inputs(_ names: [String]) -> [Tensor] { names.map { graph.input($0, graph.rows(), dtype: .int32) } }
    let own = inputs(["ids", "positions"])
    // Nothing is predicted and nothing goes backward: targets and the ends of queries are not read.
    func rows(_ ranges: [Tensor]) -> Rows {
      let tensors = RowTensors([own[0], own[0], own[1], ranges[0], ranges[1], ranges[1]])
      return Rows(tensors: tensors, places: Array(ranges[2...]))
    }
    let full = hasWholeContext ? inputs(["keyStart", "keyEnd", "places"]) : []
    let ring = ringLength == nil ? [] : inputs(["windowStart", "windowEnd", "ringPlaces", "mirrorPlaces"])
    let all = own + full + ring
    if ring.isEmpty {
      let whole = rows(full)
      let windowed = window.map(whole.tensors.windowed) ?? whole.tensors
      return Inputs(full: whole, windowed: Rows(tensors: windowed, places: whole.places), all: all)
    }
    return Inputs(full: rows(full.isEmpty ? ring : full), windowed: rows(ring), all: all)
  }

  /// Records the copies of a layer's new keys and values [R, HKV·D] into the cache.
  ///
  /// - Returns: all keys and values, and rows with the ranges that a token of the layer sees.
  func append(
    _ keys: Tensor, _ values: Tensor, layer: Int, _ inputs: Inputs
  ) -> (keys: Tensor, values: Tensor, rows: RowTensors) {
    let (keyCache, valueCache) = (keys.graph.variable(layers[layer].keys), keys.graph.variable(layers[layer].values))
    let rows = configuration.window(ofLayer: layer) == nil ? inputs.full : inputs.windowed
    for places in rows.places {
      keys.append(toCache: keyCache, places: places)
      values.append(toCache: valueCache, places: places)
    }
    return (keyCache, valueCache, rows.tensors)
  }

  /// The numbers for the inputs of a pass, token by token.
  struct Feed {
    private let cache: KeyValueCache
    private var columns: [[Int32]]

    init(_ cache: KeyValueCache) {
      self.cache = cache
      let count = 2 + (cache.hasWholeContext ? 3 : 0) + (cache.ringLength == nil ? 0 : 4)
      columns = [[Int32]](repeating: [], count: count)
    }

    /// Tokens so far.
    var count: Int { columns[0].count }

    /// Adds the token at `position` of sequence `sequence`.
    mutating func add(_ id: Int32, at position: Int, of sequence: Int) {
      let start = sequence * cache.contextLength
      var values = [Int(id), position]
      if cache.hasWholeContext { values += [start, start + position + 1, start + position] }
      if let length = cache.ringLength, let window = cache.window {
        let ring = sequence * 2 * length
        let seen = min(window, position + 1)
        let first = ring + (position + 1 - seen) % length
        let place = ring + position % length
        values += [first, first + seen, place, place + length]
      }
      for (index, value) in values.enumerated() { columns[index].append(Int32(value)) }
    }

    /// The numbers, for a replay.
    func data(for inputs: Inputs) -> [(tensor: Tensor, data: HostData)] {
      zip(inputs.all, columns).map { (tensor: $0, data: .ints($1)) }
    }
  }
}
