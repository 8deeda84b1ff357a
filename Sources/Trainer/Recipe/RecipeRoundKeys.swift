import Foundation

extension ResolvedRound {
  /// The keys that only a round has; the training keys may stand beside them.
  static let keys: [Key<ResolvedRound>] = [
    Key(
      "name", \.name, .text(nameWords), required: "name the round, as in name: translation",
      "Name of the round, and of its folder."
    ) { reader, _, round throws(RecipeError) in
      guard !isFolderName(round.name) else { return }
      throw RecipeError(
        place: reader.place(of: "name"),
        message: "\(reader.name("name")) is '\(round.name.split(whereSeparator: \.isNewline).joined(separator: " "))', "
          + "but names a folder and should be \(nameWords)")
    },
    Key(
      "train", \.train, .rowFiles,
      required: "name the round's training rows, as in train: translation/train.jsonl",
      "Files of the training rows: a file, a folder, a pattern such as `data/*.jsonl`, or a list of these."),
    Key(
      "valid", \.valid, KeyForm.heldOutFiles.orNull,
      "Files of held-out rows, named as those of `train`, on which the model is measured after every round; null: none."
    ),
    Key(
      "columns", \.columns, .columns, "Names of the columns in this round's files; null where they are the usual ones."),
    Key(
      "split", \.split,
      KeyForm.number("the share of rows that train, above 0 and below 1, or null") { $0 > 0 && $0 < 1 }.orNull,
      "Share of the rows of `train` that train; the others are held out, in place of `valid`."
    ) { reader, _, round throws(RecipeError) in
      guard round.split != nil, reader.node("valid")?.isNull == false else { return }
      throw RecipeError(
        place: reader.place(of: "split"),
        message: "\(reader.name("split")) holds out rows of train, and \(reader.name("valid")) names a file of them: "
          + "keep one of the two")
    },
    Key(
      "task", \.task, KeyForm.word.orNull,
      "Task of the dataset, which says how answers to held-out rows are scored; null scores none."),
  ]

  private static let nameWords = "letters, digits, '-', '_' and '.', not beginning with '-' or '.', at most 100 bytes"

  /// A round before any key is read.
  init(settings: TrainingSettings) {
    self.init(name: "", train: RowFiles(["/"]), valid: nil, settings: settings)
  }

  /// True for a name that can be a folder's name, or a part of one, on every file system.
  static func isFolderName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, first != ".", first != "-", name.utf8.count <= 100 else {
      return false
    }
    return name.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0)
        || $0.properties.generalCategory == .nonspacingMark
    }
  }

  /// Refuses a round that learns everything and the last turn alone.
  func checkLearning(at reader: RecipeReader) throws(RecipeError) {
    guard settings.rows.learnsInputs, settings.rows.learntTurns == .last else { return }
    throw RecipeError(
      place: reader.place(of: "train_on_inputs"),
      message: "train_on_inputs learns every turn, and train_on: last the last one alone: keep one of the two")
  }

  /// Refuses a task in a round without held-out rows.
  func checkTask(at reader: RecipeReader) throws(RecipeError) {
    guard task != nil, valid == nil, split == nil else { return }
    throw RecipeError(
      place: reader.place(of: "task"),
      message: "\(reader.name("task")) scores answers to held-out rows, and round \(name) has none: add valid or "
        + "split, or remove task")
  }
}

extension KeyForm<ColumnNames> {
  /// The form of `columns`: a mapping from a row's keys to the files' columns; null renames nothing.
  fileprivate static var columns: Self {
    let names = KeyForm<[String: String]>.mapping(
      ColumnNames.keys.map { key in
        Key(
          key, \.[key], KeyForm<String>.text("the name of a column in the round's files").orAbsent,
          "Column that holds `\(key)`.")
      }, defaults: [:])
    return KeyForm(words: "null, or a mapping", inner: names.inner) { reader, key, _ throws(RecipeError) in
      guard let node = reader.node(key), !node.isNull else { return .none }
      let columns = try names.read(reader, key, nil)
      do throws(ColumnNames.Fault) {
        return try ColumnNames(columns)
      } catch {
        throw RecipeError(place: node.place, message: "\(reader.name(key)) \(error.message)")
      }
    } write: { columns in
      columns.isEmpty ? .null : names.write(Dictionary(columns.pairs.map { ($0.key, $0.column) }) { $1 })
    }
  }
}
