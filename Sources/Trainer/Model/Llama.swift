import GPUTensor

/// LLaMA as its block diagram: h = x + attention(norm(x)); y = h + mlp(norm(h)).
///
/// - Source: arXiv:2302.13971; grouped queries as in arXiv:2307.09288.
package struct Llama {
  package let configuration: LlamaConfiguration
  private let parts: (String) -> [Tensor]
  private let adapted: Adapted
  private let layout: AttentionLayout
  private let recompute: Recompute

  /// Returns a linear layer's output [R, out] for x [R, in]; `product` is W·x, `weight` is W [out, in].
  package typealias Adapted = (_ module: String, _ x: Tensor, _ product: Tensor, _ weight: Tensor) -> Tensor

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
  ///     recorded: one, or for a divided table (`LlamaParameterName.tables`) its parts by rows.
  ///   - adapted: lets an adapter replace a linear layer's output (LoRA); by default the plain product.
  package init(
    _ configuration: LlamaConfiguration, recompute: Recompute = .none, parts: @escaping (String) -> [Tensor],
    adapted: @escaping Adapted = { _, _, product, _ in product }
  ) {
    self.configuration = configuration
    self.parts = parts
    self.adapted = adapted
    self.recompute = recompute
    layout = AttentionLayout(
      heads: configuration.numAttentionHeads, keyValueHeads: configuration.numKeyValueHeads,
      headSize: configuration.headDim)
  }

  /// The output projection [V, C], in parts by rows where it is divided; the embedding's matrix where the model ties
  /// the two.
  package var outputWeight: [Tensor] {
    parts(configuration.tieWordEmbeddings ? LlamaParameterName.embedding : LlamaParameterName.output)
  }

  /// The residual stream after the last norm: [R, C], or [S, C] for `wanted` positions.
  ///
  /// - Parameters:
  ///   - wanted: indices of the positions whose output is computed, [S]; nil: all. In the last block the others only
  ///     serve as keys and values.
  ///   - ropeTable: [positions, D], of `RoPETable`.
  ///   - cache: given a layer's new keys and values [R, HKV·D], returns those to attend to; nil in training.
  package func hidden(
    _ rows: RowTensors, of wanted: Tensor? = nil, ropeTable: Tensor,
    cache: ((_ layer: Int, _ keys: Tensor, _ values: Tensor) -> (Tensor, Tensor))? = nil
  ) -> Tensor {
    var x = parts(LlamaParameterName.embedding).embedding(rows.ids)
    for layer in 0..<configuration.numHiddenLayers {
      let input = x
      let wanted = layer == configuration.numHiddenLayers - 1 ? wanted : nil
      func kept(_ x: Tensor) -> Tensor { wanted.map(x.embedding) ?? x }
      x = recomputing(.block, x.graph) {
        let h = recomputing(.attention, input.graph) {
          let attended = attention(norm(input, layer, "input_layernorm"), layer, rows, ropeTable, cache)
          return kept(input) + linear(kept(attended), layer, "self_attn.o_proj", bias: configuration.attentionBias)
        }
        return h + mlp(norm(h, layer, "post_attention_layernorm"), layer)
      }
    }
    return x.rmsNorm(parameter(LlamaParameterName.finalNorm), eps: Float(configuration.rmsNormEps))
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
  private func attention(
    _ x: Tensor, _ layer: Int, _ rows: RowTensors, _ ropeTable: Tensor,
    _ cache: ((Int, Tensor, Tensor) -> (Tensor, Tensor))?
  ) -> Tensor {
    let q = linear(x, layer, "self_attn.q_proj", bias: configuration.attentionBias)
    let k = linear(x, layer, "self_attn.k_proj", bias: configuration.attentionBias)
    let v = linear(x, layer, "self_attn.v_proj", bias: configuration.attentionBias)
    let turnedQ = q.rope(table: ropeTable, positions: rows.positions, headSize: configuration.headDim)
    let turnedK = k.rope(table: ropeTable, positions: rows.positions, headSize: configuration.headDim)
    let (keys, values) = cache?(layer, turnedK, v) ?? (turnedK, v)
    return turnedQ.attention(
      keys: keys, values: values, keyStart: rows.keyStart, keyEnd: rows.keyEnd, queryEnd: rows.queryEnd, layout: layout)
  }

  private func mlp(_ x: Tensor, _ layer: Int) -> Tensor {
    let gate = linear(x, layer, "mlp.gate_proj", bias: configuration.mlpBias)
    let up = linear(x, layer, "mlp.up_proj", bias: configuration.mlpBias)
    return linear(elementwise(x.graph) { gate.gated(.silu, up) }, layer, "mlp.down_proj", bias: configuration.mlpBias)
  }

  private func norm(_ x: Tensor, _ layer: Int, _ name: String) -> Tensor {
    elementwise(x.graph) {
      x.rmsNorm(parameter(LlamaParameterName.block(layer, name + ".weight")), eps: Float(configuration.rmsNormEps))
    }
  }

  private func linear(_ x: Tensor, _ layer: Int, _ name: String, bias: Bool) -> Tensor {
    let module = LlamaParameterName.block(layer, name)
    let weight = parameter(module + ".weight")
    let product = adapted(module, x, x.linear(weight), weight)
    return bias ? product.biased(by: parameter(module + ".bias")) : product
  }
}
