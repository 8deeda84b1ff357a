/// One key of a recipe's mapping, which is read into `Settings`: name, type, meaning, reader and writer in one row.
///
/// The lists of keys (`Recipe.keys`, `TrainingSettings.keys`, `UnionSettings.keys`, …) are the only place that knows a
/// key. Recipes are read, checked and written by them; the advice on a misspelt key, `accrete keys` and docs/keys.md
/// come from them.
package struct Key<Settings: Sendable>: Sendable {
  package typealias Field<Value> = WritableKeyPath<Settings, Value> & Sendable

  package let name: String
  /// The values that the key takes, in words.
  let type: String
  /// One sentence for users.
  let meaning: String
  /// Advice for a recipe that lacks the key; nil: the key can be left out.
  let remedy: String?
  /// The keys of the value, where it is a mapping; else empty.
  let inner: [KeyRow]
  /// Reads the key, which the recipe gives, into the settings.
  private let readGiven: @Sendable (RecipeReader, inout Settings) throws(RecipeError) -> Void
  /// Returns the value in the resolved recipe; nil: the key is not written.
  package let write: @Sendable (Settings) -> SettingValue?

  /// A key with a reader and a writer of its own.
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
  ///   - remedy: advice for a recipe that lacks the key; nil: the key can be left out.
  ///   - then: called after the value is read, to check it or to set other fields; takes the mapping, the settings
  ///     before and the settings.
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

  /// Reads the key, if the recipe gives it, into the settings; throws where a required key is missing.
  func read(_ reader: RecipeReader, into settings: inout Settings) throws(RecipeError) {
    if reader.node(name) != nil { return try readGiven(reader, &settings) }
    if let remedy { throw reader.missing(name, remedy: remedy) }
  }

  /// The same key for settings that hold these as a field.
  func of<Outer: Sendable>(_ field: WritableKeyPath<Outer, Settings> & Sendable) -> Key<Outer> {
    Key<Outer>(name, type: type, required: remedy, inner: inner, meaning) { reader, outer throws(RecipeError) in
      try readGiven(reader, &outer[keyPath: field])
    } write: {
      write($0[keyPath: field])
    }
  }
}

/// A key as `accrete keys` shows it.
package struct KeyRow: Sendable {
  package let name: String
  /// The values that the key takes, in words.
  package let type: String
  package let meaning: String
  package let isRequired: Bool
  /// The value of a key that is left out; nil: there is none.
  package let defaultValue: SettingValue?
  /// The keys of the value, where it is a mapping; else empty.
  package let inner: [KeyRow]
}

extension [String] {
  /// The keys' names.
  init<Settings>(_ keys: [Key<Settings>]) { self = keys.map(\.name) }
}

extension [KeyRow] {
  /// The keys as `accrete keys` shows them.
  ///
  /// - Parameter defaults: the settings where no key is given.
  init<Settings>(_ keys: [Key<Settings>], defaults: Settings) {
    self = keys.map { key in
      KeyRow(
        name: key.name, type: key.type, meaning: key.meaning, isRequired: key.remedy != nil,
        defaultValue: key.remedy == nil ? key.write(defaults) : nil, inner: key.inner)
    }
  }
}

extension [SettingValue.Member] {
  /// The keys that are written, with their values.
  init<Settings>(_ keys: [Key<Settings>], of settings: Settings) {
    self = keys.compactMap { key in key.write(settings).map { SettingValue.Member(key: key.name, value: $0) } }
  }
}
