import Foundation

/// A floating-point type of the CPU loops: Float for the fallback, Double for the reference.
package protocol HostScalar: BinaryFloatingPoint, Sendable {
  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
}

extension Float: HostScalar {
  package static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  package static func log(_ x: Float) -> Float { Foundation.log(x) }
  package static func tanh(_ x: Float) -> Float { Foundation.tanh(x) }
}

extension Double: HostScalar {
  package static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  package static func log(_ x: Double) -> Double { Foundation.log(x) }
  package static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
}
