import Kernels

/// One allocation that outlives a replay, shared by variables: weights, gradients or optimiser state.
package final class Slab: Sendable {
  package let name: String
  package let elementCount: Int
  package let dtype: DType

  package init(name: String, elementCount: Int, dtype: DType = .float32) {
    precondition(elementCount > 0, "an empty slab")
    self.name = name
    self.elementCount = elementCount
    self.dtype = dtype
  }

  /// Bytes, rounded up to whole 32-bit words, which a device can fill.
  package var byteCount: Int { (dtype.byteCount(elementCount) + 3) / 4 * 4 }

  /// Bytes on a device of these traits; the CPU fallback (nil) keeps every element as a float.
  package func byteCount(on traits: KernelTraits?) -> Int {
    traits == nil ? elementCount * MemoryLayout<Float>.size : byteCount
  }
}

/// A tensor that outlives a replay, at its place in a slab. Several graphs may use one variable.
package final class Variable: Sendable {
  package let name: String
  package let shape: Shape
  package let slab: Slab
  /// The first element in the slab.
  package let offset: Int

  package init(name: String, shape: Shape, slab: Slab, offset: Int) {
    precondition(offset >= 0 && offset + shape.count <= slab.elementCount, "\(name) outside its slab")
    self.name = name
    self.shape = shape
    self.slab = slab
    self.offset = offset
  }

  /// A variable with a slab of its own.
  package convenience init(name: String, shape: Shape, dtype: DType = .float32) {
    self.init(name: name, shape: shape, slab: Slab(name: name, elementCount: shape.count, dtype: dtype), offset: 0)
  }

  package var dtype: DType { slab.dtype }

  /// The whole slab, as one flat variable.
  package static func whole(_ slab: Slab) -> Variable {
    Variable(name: slab.name, shape: Shape([slab.elementCount]), slab: slab, offset: 0)
  }
}

/// Packs variables into slabs, so that an optimiser updates many of them in one launch.
package struct SlabLayout {
  /// Alignment in bytes of a variable's start: every device accepts a window there.
  package static let alignmentBytes = 1024

  /// `bytes`, rounded up to the alignment.
  static func aligned(_ bytes: Int) -> Int { (bytes + alignmentBytes - 1) / alignmentBytes * alignmentBytes }

  /// Each slab's elements and the indices of its variables; and each variable's first element in its slab.
  package let slabs: [(elementCount: Int, members: Range<Int>)]
  package let offsets: [Int]

  /// - Parameters:
  ///   - elementCounts: elements of each variable.
  ///   - dtype: the dtype for which variables begin at aligned bytes, so that a kernel can take one alone. Variables of
  ///     a block dtype get a slab each, since blocks do not end at aligned bytes.
  ///   - maxBytes: most bytes of a slab, unless one variable has more; 0 gives each variable its own slab.
  package init(elementCounts: [Int], dtype: DType = .float32, maxBytes: Int) {
    var slabs: [(elementCount: Int, members: Range<Int>)] = []
    var offsets: [Int] = []
    let elementBytes = dtype.byteCount(1)
    for (index, count) in elementCounts.enumerated() {
      if var last = slabs.last, !dtype.isBlocks {
        let offset = Self.aligned(last.elementCount * elementBytes) / elementBytes
        if (offset + count) * elementBytes <= maxBytes {
          last = (offset + count, last.members.lowerBound..<index + 1)
          slabs[slabs.count - 1] = last
          offsets.append(offset)
          continue
        }
      }
      slabs.append((count, index..<index + 1))
      offsets.append(0)
    }
    self.slabs = slabs
    self.offsets = offsets
  }

  /// Makes slabs and variables by this layout: once for weights, and again for gradients and each optimiser state.
  ///
  /// - Parameter dtype: may differ from the layout's where kernels take whole slabs only, beside slabs of the layout's
  ///   dtype.
  package func makeVariables(
    names: [String], shapes: [Shape], kind: String, dtype: DType = .float32
  ) -> (slabs: [Slab], variables: [Variable]) {
    var made: [Slab] = []
    var variables: [Variable] = []
    for (number, slab) in slabs.enumerated() {
      let allocation = Slab(name: "\(kind) \(number)", elementCount: slab.elementCount, dtype: dtype)
      made.append(allocation)
      for index in slab.members {
        variables.append(
          Variable(name: names[index], shape: shapes[index], slab: allocation, offset: offsets[index]))
      }
    }
    return (made, variables)
  }
}
