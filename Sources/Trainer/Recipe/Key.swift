/// One key of a recipe, of the mapping that holds `Settings`: all that is known of it, in one row.
///
/// The lists of keys (`Recipe.keys`, `TrainingSettings.keys`, `UnionSettings.keys`, …) are the only place that knows a
/// key: they decide what may stand in a recipe, how it is read and written, what a misspelt key is told, and what
/// `accrete keys` and docs/keys.md say.
package struct Key<Settings: Sendable>: Sendable {
  package typealias Field<Value> = WritableKeyPath<Settings, Value> & Sendable

  package let name: String
  /// The values that the key takes, in words.
  let type: String
  /// One sentence for users.
  let meaning: String
  /// Advice where the key must be given and is not; nil: it can be left out.
  let remedy: String?
  /// The keys of the mapping that is the value; none where it is no mapping.
  let inner: [KeyRow]
  /// Reads the key, which is given, over the settings.
  private let readGiven: @Sendable (RecipeReader, inout Settings) throws(RecipeError) -> Void
  /// The value in the resolved recipe; nil: the key is not in use.
  package let write: @Sendable (Settings) -> SettingValue?

  /// A key with a rule of its own.
  init(
    _ name: String, type: String, required remedy: String? = nil, inner: [KeyRow] = [], _ meaning: String,
    read: @escaping @Sendable (RecipeReader, inout Settings) throws(RecipeError) -> Void,
    write: @escaping @Sendable (Settings) -> SettingValue?
  ) {
    self.name = name
    self.type = type
    self.meaning = meaning
    self.remedy = remedy
    self.inner = inner
    readGiven = read
    self.write = write
  }

  /// A key that is one field of the settings.
  ///
  /// - Parameters:
  ///   - remedy: advice where the key must be given and is not.
  ///   - then: what else follows from the value: checks, or other fields; told the mapping and the settings before.
  init<Value: Sendable>(
    _ name: String, _ field: Field<Value>, _ form: KeyForm<Value>, required remedy: String? = nil, _ meaning: String,
    then: (@Sendable (RecipeReader, _ before: Settings, inout Settings) throws(RecipeError) -> Void)? = nil
  ) {
    self.init(name, type: form.words, required: remedy, inner: form.inner, meaning) {
      reader, settings throws(RecipeError) in
      let before = settings
      settings[keyPath: field] = try form.read(reader, name, before[keyPath: field])
      try then?(reader, before, &settings)
    } write: {
      form.write($0[keyPath: field])
    }
  }

  /// Reads the key, where it is given, over the settings.
  func read(_ reader: RecipeReader, into settings: inout Settings) throws(RecipeError) {
    if reader.node(name) != nil { return try readGiven(reader, &settings) }
    if let remedy { throw reader.missing(name, remedy: remedy) }
  }

  /// The same key of settings that hold these.
  func of<Outer: Sendable>(_ field: WritableKeyPath<Outer, Settings> & Sendable) -> Key<Outer> {
    Key<Outer>(name, type: type, required: remedy, inner: inner, meaning) { reader, outer throws(RecipeError) in
      try readGiven(reader, &outer[keyPath: field])
    } write: {
      write($0[keyPath: field])
    }
  }
}

/// A key as users read it.
package struct KeyRow: Sendable {
  package let name: String
  /// The values that the key takes, in words.
  package let type: String
  package let meaning: String
  package let isRequired: Bool
  /// The value where the key is left out; nil: none is written.
  package let defaultValue: SettingValue?
  /// The keys of the mapping that is the value; none where it is no mapping.
  package let inner: [KeyRow]
}

extension [String] {
  /// The names of keys.
  init<Settings>(_ keys: [Key<Settings>]) { self = keys.map(\.name) }
}

extension [KeyRow] {
  /// The keys as users read them.
  ///
  /// - Parameter defaults: what the settings are where no key is given.
  init<Settings>(_ keys: [Key<Settings>], defaults: Settings) {
    self = keys.map { key in
      KeyRow(
        name: key.name, type: key.type, meaning: key.meaning, isRequired: key.remedy != nil,
        defaultValue: key.remedy == nil ? key.write(defaults) : nil, inner: key.inner)
    }
  }
}

extension [SettingValue.Member] {
  /// The keys that are in use, with their values.
  init<Settings>(_ keys: [Key<Settings>], of settings: Settings) {
    self = keys.compactMap { key in key.write(settings).map { SettingValue.Member(key: key.name, value: $0) } }
  }
}
