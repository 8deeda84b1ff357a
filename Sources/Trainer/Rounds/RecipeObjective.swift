/// The `objective` mapping among the training keys.
extension RecipeDecoding {
  /// Reads `objective`; a share that is not given is what the other leaves.
  static func objective(_ node: RecipeNode, in parent: RecipeReader) throws(RecipeError) -> ObjectiveShares {
    let reader = try parent.mapping(node, "objective", known: ["forward", "reverse"])
    let allowed = "a share from 0 to 1"
    let forward = try reader.number("forward", allowed: allowed) { (0...1).contains($0) }
    let reverse = try reader.number("reverse", allowed: allowed) { (0...1).contains($0) }
    switch (forward, reverse) {
    case (nil, nil): return ObjectiveShares()
    case (let forward?, nil): return ObjectiveShares(forward: forward, reverse: 1 - forward)
    case (nil, let reverse?): return ObjectiveShares(forward: 1 - reverse, reverse: reverse)
    case (let forward?, let reverse?):
      guard abs(forward + reverse - 1) < 1e-6 else {
        throw RecipeError(
          place: reader.place,
          message: "\(parent.name("objective")) shares rows forward \(forward) + reverse \(reverse) = "
            + "\(forward + reverse), but the shares should sum to 1: set both, or leave one out")
      }
      return ObjectiveShares(forward: forward, reverse: reverse)
    }
  }
}
