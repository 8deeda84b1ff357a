import GPUTensor

/// LLaMA as its block diagram: h = x + attention(norm(x)); y = h + mlp(norm(h)).
///
/// Other families differ by what `LlamaConfiguration` says: norms elsewhere, factors, ranges and rotation by layer.
///
/// - Source: arXiv:2302.13971; grouped queries as in arXiv:2307.09288.
package struct Llama {
  package let configuration: LlamaConfiguration
  private let parts: (String) -> [Tensor]
  private let adapted: Adapted
  private let shares: (Tensor) -> [LogitShare]
  private let layout: AttentionLayout
  private let recompute: Recompute

  /// Returns the outputs [R, out] of a linear layer for x [R, in], one for each part of a fused matrix: `products` are
  /// W·x, `weights` the parts of W [out, in].
  package typealias Adapted = (
    _ module: String, _ x: Tensor, _ products: [Tensor], _ weights: [Tensor]
  ) -> [Tensor]

  /// Given a layer's new keys and values [R, HKV·D], returns those to attend to, and rows with the ranges of each
  /// query within them.
  package typealias Cache = (
    _ layer: Int, _ keys: Tensor, _ values: Tensor
  ) -> (keys: Tensor, values: Tensor, rows: RowTensors)

  /// Activations that the backward pass recomputes instead of keeping them (`recompute`, arXiv:1604.06174).
  package enum Recompute: String, Sendable, CaseIterable {
    case none
    /// Results of norms and of the gate, SwiGLU.
    case elementwise
    /// Also the attention half of each block: projections and rotations.
    case attention
    /// Whole blocks: of each, only the residual stream that enters it is kept.
    case block
  }

  /// - Parameters:
  ///   - parts: the tensors of a parameter, by its key in `LlamaConfiguration.parameters`, in the graph that is
  ///     recorded: one, or for a divided table (`LlamaParameterName.tables`) or a fused matrix its parts by rows.
  ///   - adapted: lets an adapter replace a linear layer's outputs (LoRA), or the embedding's, whose x is ids [R] and
  ///     whose product is their rows; by default the plain products.
  ///   - shares: the shares of the logits that adapters add for hidden rows [R, C].
  package init(
    _ configuration: LlamaConfiguration, recompute: Recompute = .none, parts: @escaping (String) -> [Tensor],
    adapted: @escaping Adapted = { _, _, products, _ in products },
    shares: @escaping (Tensor) -> [LogitShare] = { _ in [] }
  ) {
    self.configuration = configuration
    self.parts = parts
    self.adapted = adapted
    self.shares = shares
    self.recompute = recompute
    layout = AttentionLayout(
      heads: configuration.numAttentionHeads, keyValueHeads: configuration.numKeyValueHeads,
      headSize: configuration.headDim, scale: configuration.attentionScale.map { Float($0) },
      softCap: configuration.attentionSoftCap.map { Float($0) })
  }

  /// The output projection [V, C], in parts by rows where it is divided; the embedding's matrix where the model ties
  /// the two.
  package var outputWeight: [Tensor] {
    parts(configuration.tieWordEmbeddings ? LlamaParameterName.embedding : LlamaParameterName.output)
  }

  /// Bound of the logits: x becomes cap · tanh(x / cap); nil: none.
  package var logitSoftCap: Float? { configuration.logitSoftCap.map { Float($0) } }

  /// The shares of the logits that adapters of the output projection add, for hidden rows [R, C].
  package func logitShares(_ hidden: Tensor) -> [LogitShare] { shares(hidden) }

  /// The residual stream after the last norm: [R, C], or [S, C] for `wanted` positions. Its products with
  /// `outputWeight` are the logits, before they are bounded.
  ///
  /// - Parameters:
  ///   - wanted: indices of the positions whose output is computed, [S]; nil: all. In the last block the others only
  ///     serve as keys and values.
  ///   - rope: the tables of rotary angles.
  ///   - cache: nil in training.
  package func hidden(
    _ rows: RowTensors, of wanted: Tensor? = nil, rope: RopeTables, cache: Cache? = nil
  ) -> Tensor {
    let windowed = cache == nil ? self.windowed(rows, positions: rope.positions) : rows
    let norms = configuration.blockNorms
    let table = parts(LlamaParameterName.embedding)
    let embedded = adapted("model.embed_tokens", rows.ids, [table.embedding(rows.ids)], table)[0]
    var x = scaled(embedded, by: configuration.embeddingMultiplier)
    for layer in 0..<configuration.numHiddenLayers {
      let input = x
      let wanted = layer == configuration.numHiddenLayers - 1 ? wanted : nil
      let seen = configuration.window(ofLayer: layer) == nil ? rows : windowed
      func kept(_ x: Tensor) -> Tensor { wanted.map(x.embedding) ?? x }
      x = recomputing(.block, x.graph) {
        let h = recomputing(.attention, input.graph) {
          let attended = attention(norm(input, layer, norms.beforeAttention), layer, seen, rope, cache)
          let out = linear(kept(attended), layer, "self_attn.o_proj", bias: configuration.attentionBias == .all)
          return sum(kept(input), norm(out, layer, norms.afterAttention))
        }
        let out = mlp(norm(h, layer, norms.beforeFeedForward), layer)
        return sum(h, norm(out, layer, norms.afterFeedForward))
      }
    }
    return scaled(normed(x, LlamaParameterName.finalNorm), by: 1 / configuration.logitsScaling)
  }

  /// Rows whose ranges are those of windowed layers.
  ///
  /// - Parameter positions: the longest sequence; a window as long changes nothing.
  private func windowed(_ rows: RowTensors, positions: Int) -> RowTensors {
    configuration.window(within: positions).map(rows.windowed) ?? rows
  }

  private func parameter(_ name: String) -> Tensor {
    let parts = parts(name)
    precondition(parts.count == 1, "\(name) is divided")
    return parts[0]
  }

  private func recomputing(_ part: Recompute, _ graph: Graph, _ body: () -> Tensor) -> Tensor {
    recompute == part ? graph.recomputing(body) : body()
  }

  private func elementwise(_ graph: Graph, _ body: () -> Tensor) -> Tensor {
    [.elementwise, .attention].contains(recompute) ? graph.recomputingEach(body) : body()
  }

  /// The heads' outputs side by side, [R, H·D], before the output projection.
  private func attention(_ x: Tensor, _ layer: Int, _ rows: RowTensors, _ rope: RopeTables, _ cache: Cache?) -> Tensor {
    let projections = linears(
      x, layer, ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], fused: "self_attn.qkv_proj",
      bias: configuration.attentionBias != .none)
    // Queries and keys turn in one launch where nothing stands between the two.
    let normed = zip(projections, ["self_attn.q_norm", "self_attn.k_norm"]).map { normedHeads($0, layer, $1) }
    let (q, k) = (turned(normed[0], layer, rows, rope), turned(normed[1], layer, rows, rope))
    let seen = cache?(layer, k, projections[2]) ?? (keys: k, values: projections[2], rows: rows)
    return q.attention(
      keys: seen.keys, values: seen.values, keyStart: seen.rows.keyStart, keyEnd: seen.rows.keyEnd,
      queryEnd: seen.rows.queryEnd, layout: layout)
  }

  /// Queries or keys [R, H·D], their heads normalised where the model does so.
  private func normedHeads(_ x: Tensor, _ layer: Int, _ name: String) -> Tensor {
    configuration.queryKeyNorm == .none ? x : normed(x, LlamaParameterName.block(layer, name + ".weight"))
  }

  /// Queries or keys [R, H·D] turned by their positions, in the layers that turn.
  private func turned(_ x: Tensor, _ layer: Int, _ rows: RowTensors, _ rope: RopeTables) -> Tensor {
    if configuration.unrotatedLayers.contains(layer) { return x }
    return x.rope(
      table: x.graph.variable(rope.table(ofLayer: layer)), positions: rows.positions, headSize: configuration.headDim)
  }

  private func mlp(_ x: Tensor, _ layer: Int) -> Tensor {
    let gateAndUp = linears(
      x, layer, ["mlp.gate_proj", "mlp.up_proj"], fused: "mlp.gate_up_proj", bias: configuration.mlpBias)
    let gated = elementwise(x.graph) { gateAndUp[0].gated(configuration.activation, gateAndUp[1]) }
    return linear(gated, layer, "mlp.down_proj", bias: configuration.mlpBias)
  }

  /// The norm of this name in a block; x itself where the name is nil.
  private func norm(_ x: Tensor, _ layer: Int, _ name: String?) -> Tensor {
    guard let name else { return x }
    return elementwise(x.graph) { normed(x, LlamaParameterName.block(layer, name + ".weight")) }
  }

  private func normed(_ x: Tensor, _ weight: String) -> Tensor {
    x.rmsNorm(
      parameter(weight), eps: Float(configuration.rmsNormEps), weightOffset: Float(configuration.normWeightOffset))
  }

  /// The residual stream with a half of a block added to it.
  private func sum(_ x: Tensor, _ half: Tensor) -> Tensor { x + scaled(half, by: configuration.residualMultiplier) }

  private func scaled(_ x: Tensor, by factor: Double) -> Tensor { factor == 1 ? x : x.scaled(by: Float(factor)) }

  private func linear(_ x: Tensor, _ layer: Int, _ name: String, bias: Bool) -> Tensor {
    outputs(x, layer, name, bias: bias)[0]
  }

  /// Outputs of linear layers that read the same x: matrices of their own, or the parts of a fused one.
  private func linears(_ x: Tensor, _ layer: Int, _ names: [String], fused: String, bias: Bool) -> [Tensor] {
    if configuration.hasFusedProjections { return outputs(x, layer, fused, bias: bias) }
    return names.map { linear(x, layer, $0, bias: bias) }
  }

  private func outputs(_ x: Tensor, _ layer: Int, _ name: String, bias: Bool) -> [Tensor] {
    let module = LlamaParameterName.block(layer, name)
    let weights = parts(module + ".weight")
    let outputs = adapted(module, x, weights.map(x.linear), weights)
    return bias ? zip(outputs, parts(module + ".bias")).map { $0.biased(by: $1) } : outputs
  }
}
