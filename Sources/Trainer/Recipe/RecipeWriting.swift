import Foundation

extension Recipe {
  /// The resolved recipe as YAML: every default written out, every path absolute; reading it gives an equal recipe.
  ///
  /// A round lists the settings in which it differs from the recipe's own.
  package var yaml: String {
    var lines = [
      "output_dir: " + RecipeYAML.text(outputDirectory.path),
      "seed: \(seed)",
    ]
    if let device { lines.append("device: " + RecipeYAML.text(device)) }
    lines += [
      "base: {" + base.yaml + ", dtype: \(baseStorage.rawValue)}",
      "method: " + method.yaml,
      "precision: \(precision.rawValue)",
    ]
    lines += memory.yaml
    lines += [
      "evaluation: " + evaluation.yaml,
      "allow_leaks: [" + allowLeaks.map(RecipeYAML.text).joined(separator: ", ") + "]",
    ]
    lines += TrainingKey.all.compactMap { key in key.write(defaults).map { "\(key.name): \($0)" } }
    lines.append("rounds:")
    for round in rounds {
      lines.append("  - name: " + RecipeYAML.text(round.name))
      lines.append("    train: " + RecipeYAML.text(round.train.path))
      lines.append("    valid: " + (round.valid.map { RecipeYAML.text($0.path) } ?? "null"))
      lines.append("    columns: " + round.columns.yaml)
      lines.append("    split: " + (round.split.map { RecipeYAML.number($0) } ?? "null"))
      lines.append("    task: " + (round.task?.rawValue ?? "null"))
      for key in TrainingKey.all {
        guard let value = key.write(round.settings), value != key.write(defaults) else { continue }
        lines.append("    \(key.name): \(value)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ColumnNames {
  fileprivate var yaml: String {
    isEmpty
      ? "null" : "{" + pairs.map { "\($0.key): \(RecipeYAML.text($0.column))" }.joined(separator: ", ") + "}"
  }
}

extension RecipeBase {
  /// The pairs of the mapping.
  fileprivate var yaml: String {
    switch self {
    case .model(let url): "model: \(RecipeYAML.text(url.path))"
    case .preset(let name, nil): "preset: \(RecipeYAML.text(name))"
    case .preset(let name, .bytes(let size)?):
      "preset: \(RecipeYAML.text(name)), tokenizer: {vocab_size: \(size)}"
    case .preset(let name, .file(let url)?):
      "preset: \(RecipeYAML.text(name)), tokenizer: \(RecipeYAML.text(url.path))"
    }
  }
}

/// Scalars in YAML that every reader of YAML 1.1 and 1.2 takes alike.
enum RecipeYAML {
  /// The shortest decimal that reads back as the same number; YAML 1.1 asks for a point before an exponent.
  static func number(_ value: Double) -> String {
    let text = "\(value)"
    guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  /// Text in double quotes.
  static func text(_ value: String) -> String {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        quoted += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
