// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "accrete",
  products: [
    .executable(name: "accrete", targets: ["accrete"])
  ],
  dependencies: [
    // The command line: sub-commands, options, help and completion.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Recipes are YAML.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    // SHA-256: the keys of the kernel cache, and the hashes of checkpoints and datasets.
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    // SentencePiece's tokenizer.model and TensorBoard's events are protocol-buffer messages; the generated code is committed.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    // MARK: - The modules, from the lowest up

    .systemLibrary(name: "COpenCL", pkgConfig: "OpenCL", providers: [.apt(["ocl-icd-opencl-dev", "libclblast-dev"])]),
    // zlib, part of every Linux: datasets may be gzip files. Swift's own packages wrap zlib for network streams only.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Zstandard: pages of Parquet files are often compressed by it, and a decoder of our own would be as long as their reader.
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    // libcurl, found at run time by `accrete download` alone: nothing of it is needed to build, or to start.
    .systemLibrary(name: "CCurl"),
    .target(
      name: "Kernels", dependencies: ["COpenCL", .product(name: "Crypto", package: "swift-crypto")],
      exclude: ["README.md"]),
    .target(
      name: "GPUTensor", dependencies: ["COpenCL", "Kernels", .product(name: "Crypto", package: "swift-crypto")],
      exclude: ["README.md"]),
    .target(
      name: "Trainer",
      dependencies: [
        "CZlib", "CZstd", "GPUTensor", "Kernels",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: [
        "README.md", "Text/Tokenizers/Files/SentencePiece/README.md",
        "Text/Tokenizers/Files/SentencePiece/sentencepiece_model.proto", "Report/TensorBoard/README.md",
        "Report/TensorBoard/event.proto",
      ]),
    .target(
      name: "Hub",
      dependencies: ["CCurl", "Kernels", "Trainer", .product(name: "Crypto", package: "swift-crypto")],
      exclude: ["README.md"]),
    .executableTarget(
      name: "accrete",
      dependencies: ["Hub", "Trainer", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      exclude: ["README.md"]),

    // MARK: - Tests

    .target(
      name: "TestSupport",
      dependencies: ["Kernels", "GPUTensor", .product(name: "Crypto", package: "swift-crypto")],
      path: "Tests/TestSupport"),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"]),
    .testTarget(name: "GPUTensorTests", dependencies: ["GPUTensor", "TestSupport"]),
    .testTarget(
      name: "TrainerTests",
      dependencies: ["Trainer", "TestSupport", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
    .testTarget(name: "HubTests", dependencies: ["Hub", "TestSupport"]),
    .executableTarget(
      name: "fuzz",
      dependencies: ["GPUTensor", "Trainer", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/Fuzz", exclude: ["README.md", "Seeds"]),
    .testTarget(name: "AccreteTests", dependencies: ["accrete", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
