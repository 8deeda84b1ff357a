import Foundation
import GPUTensor
import Testing

import Trainer

@Suite struct SafetensorsFileTests {
  private let tensors = [
    ParameterDescription(name: "a", shape: [3, 5]), ParameterDescription(name: "b \"quoted\" é\n", shape: [7]),
    ParameterDescription(name: "empty", shape: [0, 4]),
  ]

  private func numbers(_ name: String) -> [Float] {
    switch name {
    case "a": (0..<15).map { Float($0) / 8 - 1 }
    case "empty": []
    default: [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, Float(bitPattern: 71362), -2]
    }
  }

  @Test func singlesSurviveBitForBit() throws {
    let scratch = try CheckpointScratch()
    let url = scratch.url.appending(path: "x.safetensors")
    try SafetensorsWriter.write(tensors, metadata: ["format": "pt", "k": "v"], to: url, data: numbers)
    let file = try SafetensorsFile(url)
    #expect(file.entries.map(\.name) == tensors.map(\.name))
    #expect(file.metadata == ["format": "pt", "k": "v"])
    #expect(file.entries[0].byteRange.lowerBound.isMultiple(of: 8))
    for tensor in tensors {
      #expect(try file.floats(tensor.name).map(\.bitPattern) == numbers(tensor.name).map(\.bitPattern))
      #expect(file.entry(tensor.name)?.shape == tensor.shape)
    }
  }

  @Test(arguments: [FloatStorage.float16, .bfloat16])
  func narrowStoragesRoundToNearest(_ storage: FloatStorage) throws {
    let scratch = try CheckpointScratch()
    let url = scratch.url.appending(path: "x.safetensors")
    // More than one piece of the writer, supplied in two parts.
    let count = (1 << 18) + 3
    let values = (0..<count).map { Float($0 % 1009) * 1.001 - 500 }
    try SafetensorsWriter.write(
      [ParameterDescription(name: "w", shape: [count])], as: storage, to: url
    ) { _, emit in
      try values[..<1000].withUnsafeBufferPointer { try emit($0) }
      try values[1000...].withUnsafeBufferPointer { try emit($0) }
    }
    let expected = values.map { storage == .float16 ? Float(Float16($0)) : widenBFloat(narrowToBFloat($0)) }
    #expect(try SafetensorsFile(url).floats("w") == expected)
  }

  @Test func aNumberTooLargeForHalfIsRefusedAndNothingIsLeft() throws {
    let scratch = try CheckpointScratch()
    let url = scratch.url.appending(path: "x.safetensors")
    let error = checkpointError {
      try SafetensorsWriter.write([ParameterDescription(name: "w", shape: [2])], as: .float16, to: url) { _ in
        [1, 1e6]
      }
    }
    #expect(error?.problem.contains("\"w\" holds 1e+06") == true || error?.problem.contains("1000000.0") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
  }

  @Test func dataAtAnOddByteAreRead() throws {
    let scratch = try CheckpointScratch()
    let header = #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} "#
    #expect(header.utf8.count % 4 != 0)
    let url = try scratch.write(
      Data.of(UInt64(header.utf8.count)) + Data(header.utf8) + Data.of([1.5, -2] as [Float]), "x.safetensors")
    #expect(try SafetensorsFile(url).floats("w") == [1.5, -2])
  }

  /// Headers that lie, over eight bytes of data.
  @Test(arguments: [
    (#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "takes 12 bytes"),
    (#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "outside"),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "outside"),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "outside"),
    (#"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "negative"),
    (#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "overflows"),
    (#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, "overflows"),
    (#"{"w":{"dtype":"F32","shape":[1e2],"data_offsets":[0,8]}}"#, "lacks"),
    (#"{"w":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}"#, "lacks"),
    (#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}"#, "lacks"),
    (#"{"w":{"shape":[2],"data_offsets":[0,8]}}"#, "lacks"), (#"{"w":[]}"#, "lacks"), (#"[]"#, "array"),
    (#"{"w":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}"#, "unknown dtype"),
    (#"{"__metadata__":{"a":1},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "not a string"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "follow the last"),
    (#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "gap"),
    (
      #"{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      "overlaps"
    ),
    (
      #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "twice"
    ),
    (#"{"#, "key"),
  ])
  func aHeaderThatLiesIsRefused(_ header: String, _ word: String) throws {
    let scratch = try CheckpointScratch()
    let url = try scratch.write(
      Data.of(UInt64(header.utf8.count)) + Data(header.utf8) + Data(count: 8), "x.safetensors")
    let error = try #require(checkpointError { _ = try SafetensorsFile(url) })
    #expect(error.problem.contains(word), "\(error)")
    #expect(error.byteOffset != nil)
  }

  @Test(arguments: [UInt64(3), 1 << 40, .max, 100_000_001]) func aLengthThatLiesIsRefused(_ length: UInt64) throws {
    let scratch = try CheckpointScratch()
    let url = try scratch.write(Data.of(length) + Data("{}".utf8), "x.safetensors")
    #expect(checkpointError { _ = try SafetensorsFile(url) }?.problem.contains("claims \(length) bytes") == true)
  }

  @Test func aShapeWithAZeroAndHugeSizesIsEmptyWithoutOverflow() throws {
    let scratch = try CheckpointScratch()
    let header = #"{"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904,0],"data_offsets":[0,0]}}"#
    let url = try scratch.write(Data.of(UInt64(header.utf8.count)) + Data(header.utf8), "x.safetensors")
    #expect(try SafetensorsFile(url).floats("w").isEmpty)
  }

  @Test func integersAreNotTakenForFloats() throws {
    let scratch = try CheckpointScratch()
    let header = #"{"w":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}"#
    let url = try scratch.write(
      Data.of(UInt64(header.utf8.count)) + Data(header.utf8) + Data(count: 8), "x.safetensors")
    let error = checkpointError { _ = try SafetensorsFile(url).floats("w") }
    #expect(error?.problem == "tensor \"w\" is stored as I32")
  }
}
