/// JSON of a listing, as `accrete rounds --json` prints it: every key is there, null where the run has no value.
extension RunListing: Encodable {
  private enum CodingKeys: CodingKey {
    case run, branchOf, datasets, rounds, backwardTransfer, forwardTransfer, forgetting, finalMeanLoss, branches
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(folder.path, forKey: .run)
    try container.encode(origin, forKey: .branchOf)
    try container.encode(datasets, forKey: .datasets)
    try container.encode(rounds, forKey: .rounds)
    try container.encode(transfer?.loss.figures.backwardTransfer, forKey: .backwardTransfer)
    try container.encode(transfer?.loss.figures.forwardTransfer, forKey: .forwardTransfer)
    try container.encode(transfer?.loss.figures.forgetting, forKey: .forgetting)
    try container.encode(transfer?.loss.figures.finalMean, forKey: .finalMeanLoss)
    try container.encode(branches, forKey: .branches)
  }
}

extension RunListing.Round: Encodable {
  private enum CodingKeys: CodingKey {
    case round, name, folder, parent, steps, finalLoss, loss, meanLoss, metrics, tokens, seconds, device, refused
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(summary.round, forKey: .round)
    try container.encode(summary.name, forKey: .name)
    try container.encode(summary.folder, forKey: .folder)
    try container.encode(summary.parent, forKey: .parent)
    try container.encode(summary.steps, forKey: .steps)
    try container.encode(summary.finalLoss, forKey: .finalLoss)
    try container.encode(loss, forKey: .loss)
    try container.encode(meanLoss, forKey: .meanLoss)
    try container.encode(metrics, forKey: .metrics)
    try container.encode(tokens, forKey: .tokens)
    try container.encode(summary.seconds, forKey: .seconds)
    try container.encode(summary.device, forKey: .device)
    try container.encode(summary.isRefused, forKey: .refused)
  }
}
