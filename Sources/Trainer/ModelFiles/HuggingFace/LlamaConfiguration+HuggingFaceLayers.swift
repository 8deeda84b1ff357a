extension LlamaConfiguration {
  private static let (full, windowed) = ("full_attention", "sliding_attention")

  /// Reads the keys that make layers differ: windows by `layer_types` or by their older keys, and layers without
  /// rotation.
  mutating func setLayers(_ fields: ConfigurationFields) throws(FileError) {
    try setUnrotatedLayers(fields)
    let keys = family.keys
    guard keys.contains(.slidingWindow) else { return }
    if fields.isPresent(VariantKey.slidingWindow.rawValue) {
      slidingWindow = try fields.integer(VariantKey.slidingWindow.rawValue)
    }
    if keys.contains(.useSlidingWindow), try !(fields.bool(VariantKey.useSlidingWindow.rawValue) ?? false) {
      slidingWindow = nil
    }
    if keys.contains(.layerTypes), let types = try fields.strings(VariantKey.layerTypes.rawValue) {
      windowedLayers = try layers(types, fields)
    } else if keys.contains(.maxWindowLayers) {
      let first = try fields.integer(VariantKey.maxWindowLayers.rawValue) ?? 28
      windowedLayers = Set((0..<numHiddenLayers).filter { $0 >= first })
    } else if keys.contains(.noRopeLayers) {
      windowedLayers = unrotatedLayers
    } else if keys.contains(.slidingWindowPattern),
      let pattern = try fields.integer(VariantKey.slidingWindowPattern.rawValue)
    {
      guard pattern > 0 else {
        throw .invalid(
          fields.path, "sliding_window_pattern is \(pattern)",
          remedy: "give the number of layers from one full one to the next")
      }
      windowedLayers = layers(exceptEvery: pattern)
    }
    clearUnusedWindow()
  }

  private func layers(_ types: [String], _ fields: ConfigurationFields) throws(FileError) -> Set<Int> {
    guard types.count == numHiddenLayers else {
      throw .invalid(
        fields.path, "layer_types names \(types.count) layers, num_hidden_layers is \(numHiddenLayers)",
        remedy: "give one type for each layer")
    }
    if let other = types.first(where: { $0 != Self.full && $0 != Self.windowed }) {
      throw fields.unsupported(
        "layer_types", "has \"\(other)\"", remedy: "\(Self.full) and \(Self.windowed) are built")
    }
    return Set(types.indices.filter { types[$0] == Self.windowed })
  }

  private mutating func setUnrotatedLayers(_ fields: ConfigurationFields) throws(FileError) {
    guard family.keys.contains(.noRopeLayers) else { return }
    if let turned = try fields.integers(VariantKey.noRopeLayers.rawValue) {
      guard turned.count >= numHiddenLayers, turned.allSatisfy({ $0 == 0 || $0 == 1 }) else {
        throw .invalid(
          fields.path, "no_rope_layers has \(turned.count) numbers, num_hidden_layers is \(numHiddenLayers)",
          remedy: "give for each layer 1 where it is turned, and 0 where it is not")
      }
      unrotatedLayers = Set((0..<numHiddenLayers).filter { turned[$0] == 0 })
    } else if let interval = try fields.integer(VariantKey.noRopeLayerInterval.rawValue) {
      guard interval > 0 else {
        throw .invalid(fields.path, "no_rope_layer_interval is \(interval)", remedy: "give a number above 0")
      }
      unrotatedLayers = everyLayer(interval)
    }
  }

  /// The members of config.json that `setLayers` reads.
  var layerMembers: [(String, JSON)] {
    var members: [(String, JSON)] = []
    func add(_ key: VariantKey, _ value: JSON) {
      if family.keys.contains(key) { members.append((key.rawValue, value)) }
    }
    add(.slidingWindow, slidingWindow.map { .integer($0) } ?? .null)
    add(.useSlidingWindow, .bool(usedWindow != nil))
    add(.maxWindowLayers, .integer(windowedLayers.min() ?? numHiddenLayers))
    // A Mistral's file has the key only where it says more than sliding_window does.
    let isUniform = usedWindow == nil || windowedLayers.count == numHiddenLayers
    guard family != .mistral || !isUniform else { return members }
    add(
      .layerTypes,
      .array((0..<numHiddenLayers).map { .string(windowedLayers.contains($0) ? Self.windowed : Self.full) }))
    add(.noRopeLayers, .array((0..<numHiddenLayers).map { unrotatedLayers.contains($0) ? 0 : 1 }))
    return members
  }
}
