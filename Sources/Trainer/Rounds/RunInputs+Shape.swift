extension RunInputs {
  /// The shape of the run, exact to the token now that every row is read.
  var shape: RunShape {
    var shape = RunShape(recipe, configuration, types: baseTypes)
    for (index, union) in unions.enumerated() where !shape.rounds[index].settings.packing {
      shape.rounds[index].longestSample = max(
        union.flatMap { $0.variants.map(\.length) }.max() ?? 1, drawn[index].longest)
    }
    shape.streamTokens = zip(unions, drawn).map { max(TokenStream.tokenCount($0) + $1.tokens, 1) }.max() ?? 1
    shape.isWeighted = unions.joined().contains(where: \.hasWeights) || drawn.contains(where: \.hasWeights)
    shape.probe = unions.first?.first?.firstSample
    shape.longestCandidate = tasks.longestCandidate
    shape.answers =
      tasks.generatedLength == 0
      ? nil
      : RunShape.Answers(
        contextLength: tasks.generatedLength, sequences: min(recipe.evaluation.batchSize, tasks.questionCount))
    return shape
  }
}
