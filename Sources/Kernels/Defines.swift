/// Constants that a kernel file is compiled with, `-D NAME=value` each.
///
/// Every launch finds its kernel by them, hundreds of times a token. So they are a short list that is compared as it
/// stands, and become a text only where something is compiled.
package struct Defines: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  private struct Constant: Equatable {
    let name: String
    let value: Int
  }

  /// The define of kernels that use sub-groups, which not every OpenCL C has.
  package static let subgroups = "SUBGROUPS"

  private var constants: [Constant]

  package init(dictionaryLiteral elements: (String, Int)...) {
    constants = elements.map { Constant(name: $0.0, value: $0.1) }
  }

  /// Both lists together; they have no name in common.
  package static func + (first: Defines, second: Defines) -> Defines {
    if second.constants.isEmpty { return first }
    var both = first
    both.constants += second.constants
    return both
  }

  func contains(_ name: String) -> Bool { constants.contains { $0.name == name } }

  /// The compiler's options, by name, whatever the order in which they were put together.
  var options: String {
    precondition(Set(constants.map(\.name)).count == constants.count, "a constant twice: \(constants.map(\.name))")
    return constants.sorted { $0.name < $1.name }.map { " -D \($0.name)=\($0.value)" }.joined()
  }
}
