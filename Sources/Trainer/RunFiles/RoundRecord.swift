import Foundation
import Kernels

/// rounds/NN-name/round.json: where a model came from, what it saw, and what that took.
package struct RoundRecord: Codable, Sendable {
  /// One dataset of the union.
  package struct DatasetRecord: Codable, Sendable {
    package var name: String
    package var path: String
    package var sha256: String
    /// Rows and tokens that it holds.
    package var rows: Int
    package var tokens: Int
    /// Rows that were cut to the sequence length, and rows dropped for want of a supervised token.
    package var cut: Int
    package var dropped: Int
    /// Rows and tokens that this round read of it.
    package var rowsSeen: Int
    package var tokensSeen: Int
  }

  /// Bytes that crossed the bus for one purpose.
  package struct Transfer: Codable, Sendable {
    package var bytesToDevice: Int
    package var bytesFromDevice: Int

    init(_ ledger: TransferLedger) {
      bytesToDevice = ledger.bytesToDevice
      bytesFromDevice = ledger.bytesFromDevice
    }
  }

  package var round: Int
  package var name: String
  /// The model that this one started from, and the SHA-256 of its weights; nil for M0.
  package var parent: String?
  package var parentSha256: String?
  /// SHA-256 of this model's weights.
  package var sha256: String?
  package var datasets: [DatasetRecord]
  /// Held-out rows that stand in the union's training rows, which the recipe allowed.
  package var leaks: Int?
  /// The resolved training keys.
  package var settings: [String: SettingValue]?
  package var steps: Int
  /// The step whose model was kept, where the best was asked for.
  package var bestStep: Int?
  /// Whether the round ended early, for want of a better held-out loss.
  package var stoppedEarly: Bool?
  package var finalLoss: Double?
  /// Of training, evaluations within the round, and saves; of all runs that had a part in it.
  package var seconds: Double
  /// When the round ended, as ISO 8601.
  package var finished: String?
  package var device: String
  package var family: String?
  /// Losses on each dataset's held-out rows.
  package var loss: [Double?]
  /// Loss on the general text.
  package var general: Double?
  /// Bytes that the plan foresaw, and the allocator's high-water mark.
  package var plannedBytes: Int
  package var peakBytes: Int
  package var transferOfSave: Transfer?
  package var transferOfEvaluation: Transfer?
}
