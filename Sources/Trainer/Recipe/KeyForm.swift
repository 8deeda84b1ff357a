import Foundation

/// The form of a key's value: its type in words, its reader and its writer.
struct KeyForm<Value: Sendable>: Sendable {
  /// The values of this form, in words.
  let words: String
  /// The keys of the value, where it is a mapping; else empty.
  var inner: [KeyRow] = []
  /// Reads the value of a key.
  ///
  /// - Parameter before: the value that the key had; nil: none.
  let read: @Sendable (RecipeReader, _ key: String, _ before: Value?) throws(RecipeError) -> Value
  /// Returns the value to write; nil: the key is left out.
  let write: @Sendable (Value) -> SettingValue?
}

extension KeyForm {
  /// A form that is read from one node.
  ///
  /// - Parameters:
  ///   - words: the end of the error's sentence "… but should be".
  ///   - parse: returns the value, or nil for a node of another form; relative paths begin at `folder`.
  fileprivate init(
    _ words: String, parse: @escaping @Sendable (RecipeNode, _ folder: URL) -> Value?,
    write: @escaping @Sendable (Value) -> SettingValue?
  ) {
    self.init(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { throw reader.missing(key, remedy: "give \(words)") }
      guard let value = parse(node, reader.folder) else { throw reader.error(key, node, allowed: words) }
      return value
    } write: {
      write($0)
    }
  }

  /// The form for values of another type, converted by `wrap` and `unwrap`.
  func map<Other>(
    _ wrap: @escaping @Sendable (Value) -> Other, _ unwrap: @escaping @Sendable (Other) -> Value
  ) -> KeyForm<Other> {
    KeyForm<Other>(words: words, inner: inner) { reader, key, before throws(RecipeError) in
      wrap(try read(reader, key, before.map(unwrap)))
    } write: {
      write(unwrap($0))
    }
  }

  /// The form that also takes null, as nil.
  var orNull: KeyForm<Value?> {
    let words = words.contains("null") ? words : "null, or \(words)"
    return KeyForm<Value?>(words: words, inner: inner) { reader, key, before throws(RecipeError) in
      guard let node = reader.node(key), !node.isNull else { return nil }
      return try read(reader, key, before ?? nil)
    } write: {
      $0.map(write) ?? .null
    }
  }

  /// The form of a key that may be left out, as nil.
  var orAbsent: KeyForm<Value?> {
    KeyForm<Value?>(words: words, inner: inner) { reader, key, before throws(RecipeError) in
      try read(reader, key, before ?? nil)
    } write: {
      $0.flatMap(write)
    }
  }
}

// MARK: - Scalars

extension KeyForm<Int> {
  static func count(_ range: ClosedRange<Int>) -> Self {
    KeyForm("a whole number from \(range.lowerBound) to \(range.upperBound)") { node, _ in
      guard case .scalar(let text, isPlain: true) = node.content else { return nil }
      return Int(text).flatMap { range.contains($0) ? $0 : nil }
    } write: {
      .whole($0)
    }
  }
}

extension KeyForm<Double> {
  /// - Parameter words: the range in words.
  static func number(_ words: String, where isAllowed: @escaping @Sendable (Double) -> Bool) -> Self {
    KeyForm(words) { node, _ in
      guard case .scalar(let text, isPlain: true) = node.content, let value = Double(text), value.isFinite else {
        return nil
      }
      return isAllowed(value) ? value : nil
    } write: {
      .number($0)
    }
  }
}

extension KeyForm<Bool> {
  static var flag: Self {
    KeyForm("true or false") { node, _ in
      guard case .scalar(let text, isPlain: true) = node.content else { return nil }
      if ["true", "True", "TRUE"].contains(text) { return true }
      return ["false", "False", "FALSE"].contains(text) ? false : nil
    } write: {
      .flag($0)
    }
  }
}

extension KeyForm<String> {
  static func text(_ words: String) -> Self {
    KeyForm(words) { node, _ in
      node.text
    } write: {
      .text($0)
    }
  }
}

extension KeyForm<URL> {
  /// A path: relative to the recipe's folder, or to the home folder where it begins with `~/`; made absolute.
  static var path: Self {
    KeyForm("a path") { node, folder in
      node.text.map { absolute($0, from: folder) }
    } write: {
      .text($0.path)
    }
  }

  /// A model, adapter or tokenizer: a path, or a name of the hub, which the cache resolves to the snapshot's path.
  static var model: Self {
    KeyForm(words: "a path or a name of the hub") { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { throw reader.missing(key, remedy: "give a path or a name of the hub") }
      guard let text = node.text else { throw reader.error(key, node, allowed: "a path or a name of the hub") }
      let path = absolute(text, from: reader.folder)
      do throws(FileError) {
        return try HubCache().model(text, path: path)
      } catch {
        // A recipe may be read before its model is there: opening that says how to get it.
        guard text.hasPrefix(HubName.prefix) || error.kind != .notFound else { return path }
        throw RecipeError(place: node.place, message: "\(reader.name(key)): \(error)", exitCode: error.exitCode)
      }
    } write: {
      .text($0.path)
    }
  }

  /// The place that a path of a recipe names.
  fileprivate static func absolute(_ text: String, from folder: URL) -> URL {
    if text.hasPrefix("/") { return URL(fileURLWithPath: text).standardizedFileURL }
    if text == "~" || text.hasPrefix("~/") {
      let home = FileManager.default.homeDirectoryForCurrentUser
      return URL(fileURLWithPath: home.path + text.dropFirst()).standardizedFileURL
    }
    return URL(fileURLWithPath: folder.path + "/" + text).standardizedFileURL
  }
}

extension KeyForm<RowFiles> {
  /// Files of rows: a file, a folder, a pattern, a name in the Hugging Face cache, or a list of these.
  static var rowFiles: Self { files(of: .train) }

  /// Files of held-out rows, named likewise.
  static var heldOutFiles: Self { files(of: .validation) }

  /// - Parameter split: the split that is meant of a dataset in the cache whose files tell several apart.
  private static func files(of split: HubSplit) -> Self {
    let words = "a file, a folder, a pattern, hf:ORG/NAME, or a list of these"
    return KeyForm(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { throw reader.missing(key, remedy: "give \(words)") }
      let items: [RecipeNode] = if case .sequence(let items) = node.content { items } else { [node] }
      guard !items.isEmpty else { throw reader.error(key, node, allowed: words) }
      var names: [String] = []
      for item in items {
        guard let text = item.text else { throw reader.error(key, item, allowed: words) }
        names.append(
          text.hasPrefix(HubName.prefix)
            ? RowFiles.pinned(text) : KeyForm<URL>.absolute(text, from: reader.folder).path)
      }
      return RowFiles(names, split: split)
    } write: { files in
      let names = files.names.map { SettingValue.text($0) }
      return names.count == 1 ? names[0] : .list(names)
    }
  }
}

extension KeyForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of an enumeration's words.
  static var word: Self {
    KeyForm("one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")) { node, _ in
      guard case .scalar(let text, _) = node.content else { return nil }
      return Value(rawValue: text)
    } write: {
      .word($0.rawValue)
    }
  }
}

// MARK: - Lists and mappings

extension KeyForm<[String]> {
  /// One name, or a list of at least one.
  static func names(_ words: String) -> Self {
    KeyForm(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { return [] }
      let items: [RecipeNode] = if case .sequence(let items) = node.content { items } else { [node] }
      guard !items.isEmpty, !node.isNull else { throw reader.error(key, node, allowed: words) }
      var names: [String] = []
      for item in items {
        guard case .scalar(let name, _) = item.content, !name.isEmpty else {
          throw reader.error(key, item, allowed: words)
        }
        names.append(name)
      }
      return names
    } write: {
      .list($0.map { .text($0) })
    }
  }
}

extension KeyForm {
  /// A mapping whose keys are names of the user's choice.
  ///
  /// - Parameter form: the form of each value.
  static func named<Item>(
    _ words: String, isEmptyAllowed: Bool, _ form: KeyForm<Item>
  ) -> Self where Value == [String: Item] {
    KeyForm(words: words) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key) else { return [:] }
      guard case .mapping(let entries) = node.content, isEmptyAllowed || !entries.isEmpty else {
        throw reader.error(key, node, allowed: words)
      }
      let inner = try reader.mapping(key, known: entries.map(\.key))
      var values: Value = [:]
      for entry in entries { values[entry.key] = try form.read(inner, entry.key, nil) }
      return values
    } write: {
      .named($0.compactMapValues(form.write))
    }
  }

  /// A mapping with keys of its own; keys that are not given keep their values.
  ///
  /// - Parameters:
  ///   - defaults: the value to start from where there was none.
  ///   - check: throws where the values contradict each other; takes the mapping and the value read.
  static func mapping(
    _ keys: [Key<Value>], defaults: Value,
    check: @escaping @Sendable (RecipeReader, Value) throws(RecipeError) -> Void = { _, _ in }
  ) -> Self {
    KeyForm(words: "a mapping", inner: [KeyRow](keys, defaults: defaults)) { reader, key, before throws(RecipeError) in
      let inner = try reader.mapping(key, known: [String](keys))
      var value = before ?? defaults
      for key in keys { try key.read(inner, into: &value) }
      try check(inner, value)
      return value
    } write: {
      .mapping([SettingValue.Member](keys, of: $0))
    }
  }
}
