/// Constants that a kernel file is compiled with, `-D NAME=value` each.
///
/// Every launch looks its kernel up by its defines, hundreds of times a token: a short list compared as it is, and
/// turned into text only to compile.
package struct Defines: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  private struct Constant: Equatable {
    let name: String
    let value: Int
  }

  /// The define of kernels that use sub-groups: they are compiled with a newer OpenCL C than 1.2.
  package static let subgroups = "SUBGROUPS"

  private var constants: [Constant]

  package init(dictionaryLiteral elements: (String, Int)...) {
    constants = elements.map { Constant(name: $0.0, value: $0.1) }
  }

  /// Both lists, concatenated; they must share no name.
  package static func + (first: Defines, second: Defines) -> Defines {
    if second.constants.isEmpty { return first }
    var both = first
    both.constants += second.constants
    return both
  }

  func contains(_ name: String) -> Bool { constants.contains { $0.name == name } }

  /// The compiler's options, sorted by name, so that the order of the list does not matter.
  var options: String {
    precondition(Set(constants.map(\.name)).count == constants.count, "a constant twice: \(constants.map(\.name))")
    return constants.sorted { $0.name < $1.name }.map { " -D \($0.name)=\($0.value)" }.joined()
  }
}
