/// branch.json of a branch's folder: the run that the branch continues, and the round it starts from.
package struct BranchFile: RecordFile, Equatable {
  package static let fileName = "branch.json"

  /// Folder of the run that is continued, relative to the branch's folder.
  package var parentRun: String
  /// First round of the branch's own, from 1.
  package var fromRound: Int
}

extension BranchFile {
  package init(_ object: RecordObject) throws(FileError) {
    parentRun = try object.required("parent_run")
    fromRound = try object.required("from_round")
  }
}
