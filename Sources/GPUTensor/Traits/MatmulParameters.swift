import Kernels

/// How a class of products is computed: by which family, and with which of its sizes.
package struct MatmulParameters: Sendable, Hashable, Codable {
  /// Sizes of the panel family (`kernels/matmul/pack.cl`).
  package struct Panel: Sendable, Hashable, Codable {
    /// Row tiles of a chunk, which a work-item packs at once.
    package var chunkTiles: Int
    /// The most depths of a block, after which results are written and read; bf16, of half the size, has twice as many.
    package var depthBlock: Int
    /// Chunks of a product for each of the device's compute units, at least.
    package var chunksPerUnit: Int

    package init(chunkTiles: Int = 12, depthBlock: Int = 576, chunksPerUnit: Int = 4) {
      (self.chunkTiles, self.depthBlock, self.chunksPerUnit) = (chunkTiles, depthBlock, chunksPerUnit)
    }

    /// A work-item's packed chunk, which is private memory: on CPU devices of a thread's stack.
    private var chunkBytes: Int { chunkTiles * depthBlock * 8 * 4 }
    private static let mostChunkBytes = 1 << 20

    /// Within what the kernels are written for: whole vectors, and whole tiles of a processor's tile registers.
    fileprivate var isValid: Bool {
      (4...64).contains(chunkTiles) && chunkTiles % 4 == 0 && (16...4096).contains(depthBlock) && depthBlock % 16 == 0
        && (1...256).contains(chunksPerUnit) && chunkBytes <= Self.mostChunkBytes
    }
  }

  /// Sizes of the tile family (`kernels/matmul/tile.cl`).
  package struct Tile: Sendable, Hashable, Codable {
    /// A group's part of the result, and the depth of its operands in local memory.
    package var rows = 64
    package var columns = 64
    package var depth = 16
    /// A work-item's part of the result.
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

    /// What the kernel is compiled with.
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

  /// Whether the device has room for them, and the kernels are written for them.
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

/// What `accrete tune` found, by precision; a class that is not in it has the defaults.
package typealias TunedProducts = [OperandType: [MatmulClass: MatmulParameters]]
