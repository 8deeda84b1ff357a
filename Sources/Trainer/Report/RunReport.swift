import Foundation

/// Report of a run: `report.html`, each figure as `figures/NAME.svg`, and `tensorboard/events.out.tfevents.…`.
///
/// All of it is drawn from the run's files alone, without a clock: the same files give the same bytes.
package struct RunReport {
  /// Paths of a report's files.
  package struct Files: Encodable, Sendable, Equatable {
    /// Path of report.html.
    package let report: String
    /// Paths of the figures that could be drawn from the run's records.
    package let figures: [String]
    /// Path of the folder for `tensorboard --logdir`.
    package let tensorboard: String
  }

  private let records: RunRecords

  /// Reads the folder of a run.
  ///
  /// - Throws: `FileError`: `notFound` where there is no run, `invalid` with the place where a file is damaged.
  package init(folder: URL) throws {
    records = try RunRecords(folder: folder)
  }

  /// Writes the report into the run's folder; each file is replaced as a whole.
  @discardableResult
  package func write() throws -> Files {
    let run = records.folder
    let (figureFolder, eventFolder) = (run.appending(path: "figures"), run.appending(path: "tensorboard"))
    for folder in [figureFolder, eventFolder] { try Self.create(folder) }
    let figures = ReportFigures(records)
    var paths: [String] = []
    for figure in figures.all {
      let file = figureFolder.appending(path: figure.name + ".svg")
      try AtomicFile.write(Data(figure.file.utf8), to: file)
      paths.append(file.path)
    }
    // TensorBoard wants "tfevents" in the name; a time and a host, which usually follow, would make a new file each time.
    let events = eventFolder.appending(path: "events.out.tfevents.0000000000.accrete")
    try AtomicFile.write(Data(try RunEvents(records).bytes()), to: events)
    let page = ReportPage(
      records: records, figures: figures, figureFiles: figures.all.map { $0.name + ".svg" })
    let report = run.appending(path: "report.html")
    try AtomicFile.write(Data(page.html.utf8), to: report)
    return Files(report: report.path, figures: paths, tensorboard: eventFolder.path)
  }

  private static func create(_ folder: URL) throws(FileError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw FileError(
        .inputOutput, path: folder.path, "the folder cannot be made (\(error.systemReason))",
        remedy: "check the permissions and the room on the disk")
    }
  }
}
