import Kernels

/// The one answer to "which kernel multiplies this product?", given when a plan is made and obeyed by every replay.
///
///     family of the device    operands     few rows (X·Wᵀ, ≤ 8)   more rows
///     panel (CPU devices)     any          fewRowsOnCPU           amx where the processor has it (bf16), else panel
///     tile (GPUs)             bf16, unit   fewRowsOnGPU           unit from 64 rows on, else tile
///     tile (GPUs)             else         fewRowsOnGPU           tile, the large one where it fills the device
///     clblast                 float32      clblast                clblast
///     clblast                 else         fewRowsOnGPU           as tile
///
/// `accrete tune` may give a class of products another family than the device's, or other sizes. The row count of a replay
/// chooses between the two columns and nothing else; batches of matrices on GPUs have the last column only.
package struct MatmulChoice: Sendable, Equatable {
  /// The most rows of a product that is bound by reading the weight once, so that packing and tiles do not pay.
  static let fewRows = 8
  /// The fewest rows at capacity for which packing for a matrix unit pays.
  private static let leastUnitRows = 64

  /// The way of a replay of more than `fewRows` rows.
  package let way: MatmulWay
  /// The way of a replay of at most `fewRows` rows; nil: `way`.
  package let fewRowsWay: MatmulWay?
  /// Rows of the product in every replay; nil: as many as the replay has.
  private let fixedRows: Int?

  /// - Parameters:
  ///   - size: the product's sizes at the plan's capacity.
  ///   - typeOfB: the type that B is stored in.
  ///   - hasFixedRows: true where the result has the same rows in every replay.
  init(_ size: MatmulSize, typeOfB: DType, hasFixedRows: Bool = false, traits: KernelTraits) {
    fixedRows = hasFixedRows ? size.m : nil
    let parameters = Self.parameters(size.matmulClass, m: size.m, n: size.n, batch: size.batch, traits: traits)
    let readsWeightOnce = !size.transposeA && size.transposeB
    switch parameters.family {
    case .panel:
      way = traits.usesAMX ? .amx(parameters.panel) : .panel(parameters.panel)
      fewRowsWay = readsWeightOnce ? .fewRowsOnCPU : nil
    case .clblast where typeOfB == .float32 && traits.operands == .float32:
      (way, fewRowsWay) = (.clblast, nil)
    case .tile, .clblast:
      if let unit = traits.matrixUnit, size.m >= Self.leastUnitRows {
        let fills = traits.fills(unit.largeTile, m: size.m, n: size.n, batch: size.batch, groups: 1)
        way = .unit(unit, fills ? unit.largeTile : unit.tile)
      } else {
        way = .tile(parameters.tile)
      }
      fewRowsWay = readsWeightOnce && !size.isBatched ? .fewRowsOnGPU : nil
    }
  }

  /// The family and sizes of a class of products: what `accrete tune` found, or the device's defaults.
  ///
  /// - Parameter product: the class; nil: the product has none, and is not tuned.
  package static func parameters(
    _ product: MatmulClass?, m: Int, n: Int, batch: Int = 1, traits: KernelTraits
  ) -> MatmulParameters {
    product.flatMap { traits.tunedProducts[$0] }
      ?? MatmulParameters(
        traits.matmulFamily,
        tile: traits.fills(traits.largeTile, m: m, n: n, batch: batch, groups: 2) ? traits.largeTile : traits.tile)
  }

  /// True where a plan for `rows` rows executes parts of a transformer's block in one launch each (`DecodeBlock`).
  static func runsDecodeBlocks(rows: Int, traits: KernelTraits?) -> Bool {
    rows <= fewRows && traits?.matmulFamily == .panel
  }

  /// The way of a replay in which the product has `m` rows.
  func way(rows m: Int) -> MatmulWay { m <= Self.fewRows ? fewRowsWay ?? way : way }

  /// The way of a replay of `rows` rows.
  fileprivate func way(inReplayOf rows: Int) -> MatmulWay { way(rows: fixedRows ?? rows) }

  /// Bytes of scratch memory that are enough for every replay.
  ///
  /// - Parameter size: the product's sizes at the plan's capacity.
  func scratchBytes(_ size: MatmulSize, traits: KernelTraits) -> Int {
    way(rows: size.m).scratchBytes(size, traits: traits)
  }
}

extension KernelTraits {
  /// True where the result has at least `groups` tiles for each compute unit.
  fileprivate func fills(_ tile: MatmulParameters.Tile, m: Int, n: Int, batch: Int, groups: Int) -> Bool {
    tile.count(m: m, n: n) * batch >= computeUnits * groups
  }
}

/// An op that multiplies, and so holds choices once it is planned.
protocol Multiplying: Operation {
  /// The choices of the op's products, in their order; read once the op is planned.
  var choices: [MatmulChoice] { get }
}

extension Plan {
  /// The ways of the products in a replay of `rows` rows, in the order of the plan's nodes.
  package func matmulWays(rows: Int) -> [MatmulWay] {
    nodes.flatMap { ($0.operation as? any Multiplying)?.choices ?? [] }.map { $0.way(inReplayOf: rows) }
  }
}
