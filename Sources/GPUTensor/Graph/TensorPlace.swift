/// A part's tensor, as an index into the fused node's inputs or outputs.
enum TensorPlace {
  case input(Int)
  case output(Int)

  func value<Value>(inputs: [Value], outputs: [Value]) -> Value {
    switch self {
    case .input(let index): inputs[index]
    case .output(let index): outputs[index]
    }
  }
}
