/// Lends `count` floats of memory to `body`; their content is undefined at first.
func withFloatScratch<R>(_ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws -> R) throws -> R {
  let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
  defer { scratch.deallocate() }
  return try body(scratch)
}
