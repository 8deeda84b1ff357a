import Kernels

/// A GPU's matrix unit: the shape of its products, and the tiles of a result that suit the unit.
package struct MatrixUnit: Sendable, Equatable {
  /// Work-items of a sub-group, which feed the unit together.
  package let lanes: Int
  /// Rows of one product of the unit, which has 16 depths.
  package let rows: Int
  /// Columns of one product of the unit.
  package let columns: Int
  /// The tile of a work-group (four sub-groups) for results that have at least one such tile for each compute unit.
  package let largeTile: MatmulParameters.Tile
  /// The tile of a work-group for all other results.
  package let tile: MatmulParameters.Tile
  /// UNITS of `kernels/prelude/units.cl`; 0: NVIDIA's, whose kernels are their own.
  private let number: Int

  /// The unit of a method; nil where the method uses none.
  package init?(_ method: BF16Method) {
    // A tile's sums take at most half of the registers: 64 of each work-item's, or on Intel 64 of each sub-group's, of
    // which a product of 8 rows takes 8.
    switch method {
    case .rounding, .avx512, .amx: return nil
    case .mma: self.init(0, lanes: 32, 16, 8, large: (128, 128), small: (128, 64))
    case .dpas8: self.init(1, lanes: 8, 8, 8, large: (64, 32), small: (32, 32))
    case .dpas16: self.init(2, lanes: 16, 8, 16, large: (64, 64), small: (32, 64))
    case .wmma: self.init(3, lanes: 32, 16, 16, large: (128, 64), small: (64, 64))
    case .mfma: self.init(4, lanes: 64, 16, 16, large: (128, 128), small: (64, 64))
    }
  }

  private init(_ number: Int, lanes: Int, _ rows: Int, _ columns: Int, large: (Int, Int), small: (Int, Int)) {
    (self.number, self.lanes, self.rows, self.columns) = (number, lanes, rows, columns)
    (largeTile, tile) = (.init(large.0, large.1, 32, items: 8, 8), .init(small.0, small.1, 32, items: 8, 8))
  }

  package var isNVIDIA: Bool { number == 0 }
  package var groupSize: Int { 4 * lanes }
  package var kernel: String { isNVIDIA ? "matmul_mma" : "matmul_units" }
  package var file: String { isNVIDIA ? "matmul/mma.cl" : "matmul/units.cl" }
  /// The defines of the kernels that feed the unit.
  package var defines: Defines { isNVIDIA ? [:] : ["UNITS": number] }
}
