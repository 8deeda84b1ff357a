import Kernels

/// The family that computes a class of products, and its sizes.
package struct MatmulParameters: Sendable, Hashable, Codable {
  /// Sizes of the panel family (`kernels/matmul/pack.cl`).
  package struct Panel: Sendable, Hashable, Codable {
    /// Row tiles of a chunk; a work-item packs a chunk at once.
    package var chunkTiles: Int
    /// Depths of a block, at most: after each block the sums are written to C and read again. A block in bf16 has twice
    /// as many.
    package var depthBlock: Int
    /// Chunks of a product for each compute unit, at least, where the product has enough panels.
    package var chunksPerUnit: Int

    package init(chunkTiles: Int = 12, depthBlock: Int = 576, chunksPerUnit: Int = 4) {
      (self.chunkTiles, self.depthBlock, self.chunksPerUnit) = (chunkTiles, depthBlock, chunksPerUnit)
    }

    /// Bytes of a work-item's packed chunk, which is private memory: a thread's stack on CPU devices.
    private var chunkBytes: Int { chunkTiles * depthBlock * 8 * 4 }
    private static let mostChunkBytes = 1 << 20

    /// True where the kernels support the sizes: whole vectors, and whole tiles of AMX registers.
    fileprivate var isValid: Bool {
      (4...64).contains(chunkTiles) && chunkTiles % 4 == 0 && (16...4096).contains(depthBlock) && depthBlock % 16 == 0
        && (1...256).contains(chunksPerUnit) && chunkBytes <= Self.mostChunkBytes
    }
  }

  /// Sizes of the tile family (`kernels/matmul/tile.cl`).
  package struct Tile: Sendable, Hashable, Codable {
    /// Rows and columns of the part of the result that a work-group computes.
    package var rows = 64
    package var columns = 64
    /// Depths of the operands that lie in local memory at once.
    package var depth = 16
    /// Rows and columns of the part of the result that a work-item computes.
    package var itemRows = 4
    package var itemColumns = 4

    package init() {}

    package init(_ rows: Int, _ columns: Int, _ depth: Int, items itemRows: Int, _ itemColumns: Int) {
      (self.rows, self.columns, self.depth) = (rows, columns, depth)
      (self.itemRows, self.itemColumns) = (itemRows, itemColumns)
    }

    /// Work-items of a group.
    package var groupSize: Int { rows / itemRows * (columns / itemColumns) }
    // Two tiles of each operand; the kernel's rows in local memory are four floats longer, for the banks.
    private var localBytes: Int { 2 * depth * (rows + 4 + columns + 4) * 4 }

    /// Tiles of a result [m, n].
    package func count(m: Int, n: Int) -> Int { ((m + rows - 1) / rows) * ((n + columns - 1) / columns) }

    func isValid(on device: Device) -> Bool {
      let sizes = [rows, columns, depth, itemRows, itemColumns]
      return sizes.allSatisfy { (1...512).contains($0) } && itemRows % 4 == 0 && itemColumns % 4 == 0
        && rows % itemRows == 0 && columns % itemColumns == 0 && itemRows * itemColumns <= 256 && depth % 4 == 0
        && rows * depth % (4 * groupSize) == 0 && columns * depth % (4 * groupSize) == 0
        && groupSize <= device.maxWorkGroupSize && localBytes <= device.localMemoryBytes
    }

    /// The defines of `matmul/tile.cl`.
    package var defines: Defines {
      ["TILE_M": rows, "TILE_N": columns, "TILE_K": depth, "REGISTER_M": itemRows, "REGISTER_N": itemColumns]
    }
  }

  package var family: MatmulFamily
  package var panel = Panel()
  package var tile = Tile()

  package init(_ family: MatmulFamily, panel: Panel = Panel(), tile: Tile = Tile()) {
    (self.family, self.panel, self.tile) = (family, panel, tile)
  }

  /// True where the family's kernels support the sizes and the device has room for them.
  package func isValid(on device: Device) -> Bool {
    switch family {
    case .panel: panel.isValid
    case .tile: tile.isValid(on: device)
    case .clblast: device.runsCLBlast
    }
  }
}

extension MatmulParameters: CustomStringConvertible {
  package var description: String {
    switch family {
    case .panel: "panel, \(panel.chunkTiles) tiles × \(panel.depthBlock) depths, \(panel.chunksPerUnit) chunks a unit"
    case .tile: "tile \(tile.rows) × \(tile.columns) × \(tile.depth), \(tile.itemRows) × \(tile.itemColumns) an item"
    case .clblast: "clblast"
    }
  }
}

/// Parameters that `accrete tune` found, by precision and class; a class without an entry has the defaults.
package typealias TunedProducts = [OperandType: [MatmulClass: MatmulParameters]]
