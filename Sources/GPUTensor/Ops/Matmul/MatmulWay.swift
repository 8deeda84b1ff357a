import Kernels

/// A way to multiply on a device: its kernel files are named here, and a Swift file of this folder enqueues it.
///
/// `panel` and `amx` share `PanelProduct`, since they pack alike.
package enum MatmulWay: Sendable, Equatable {
  /// Packed panels, each work-item with a register tile (`matmul/panel.cl`): CPU devices.
  case panel(MatmulParameters.Panel)
  /// Packed panels in Intel's AMX tile registers (`matmul/amx.cl`): bf16 on CPU devices that have them.
  case amx(MatmulParameters.Panel)
  /// Up to eight rows on a CPU device: the weight is read once, nothing is packed (`matmul/few_rows_cpu.cl`).
  case fewRowsOnCPU
  /// Work-group tiles in local memory (`matmul/tile.cl`): GPUs.
  case tile(MatmulParameters.Tile)
  /// A GPU's matrix unit (`matmul/mma.cl`, `matmul/units.cl`): bf16.
  case unit(MatrixUnit, MatmulParameters.Tile)
  /// Up to eight rows on a GPU: the weight is read once (`matmul/few_rows_gpu.cl`).
  case fewRowsOnGPU
  /// The CLBlast library: float32 operands alone.
  case clblast

  /// The name that `accrete bench` and `--profile` show.
  package var name: String {
    switch self {
    case .panel: "panel"
    case .amx: "amx"
    case .fewRowsOnCPU: "few_rows_cpu"
    case .tile: "tile"
    case .unit(let unit, _): unit.isNVIDIA ? "mma" : "units"
    case .fewRowsOnGPU: "few_rows_gpu"
    case .clblast: "clblast"
    }
  }

  /// The define that tells this way's kernels how to multiply bf16; none for float32.
  func operandDefines(_ traits: KernelTraits) -> Defines {
    guard traits.operands == .bfloat16 else { return [:] }
    switch (self, traits.bf16Method) {
    case (.panel, .avx512), (.fewRowsOnCPU, .avx512): return ["BF16": 2]
    case (.amx, .amx), (.fewRowsOnCPU, .amx): return ["BF16": 3]
    default: return ["BF16": 1]
    }
  }

  /// Bytes of scratch memory for a product of this size and for every one of fewer rows.
  func scratchBytes(_ size: MatmulSize, traits: KernelTraits) -> Int {
    switch self {
    case .panel(let sizes), .amx(let sizes): PanelProduct.scratchBytes(size, sizes, operands: traits.operands)
    case .tile(let tile): DepthSplit.scratchBytes(size, tile, units: traits.computeUnits)
    case .unit(_, let tile):
      UnitProduct.packedBytes(size) + DepthSplit.scratchBytes(size, tile, units: traits.computeUnits)
    case .fewRowsOnCPU, .fewRowsOnGPU, .clblast: 0
    }
  }
}

extension MatmulWay: CustomStringConvertible {
  package var description: String {
    switch self {
    case .panel(let sizes), .amx(let sizes):
      "\(name) \(sizes.chunkTiles) tiles × \(sizes.depthBlock) depths × \(sizes.chunksPerUnit) chunks a unit"
    case .tile(let tile):
      "\(name) \(tile.rows) × \(tile.columns) × \(tile.depth) by \(tile.itemRows) × \(tile.itemColumns) an item"
    case .unit(_, let tile): "\(name) \(tile.rows) × \(tile.columns)"
    case .fewRowsOnCPU, .fewRowsOnGPU, .clblast: name
    }
  }
}
