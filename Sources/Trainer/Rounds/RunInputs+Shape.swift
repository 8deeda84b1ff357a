extension RunInputs {
  /// The shape of the run, exact to the token now that every row is read.
  var shape: RunShape {
    var shape = RunShape(recipe, configuration, types: baseTypes)
    for (index, union) in unions.enumerated() where !shape.rounds[index].settings.packing {
      shape.rounds[index].longestSample = union.flatMap { $0.variants.map(\.length) }.max() ?? 1
    }
    shape.streamTokens = unions.map(TokenStream.tokenCount).max() ?? 1
    shape.isWeighted = unions.joined().contains(where: \.hasWeights)
    shape.probe = unions.first?.first?.samples.first
    shape.longestCandidate = tasks.longestCandidate
    shape.answers =
      tasks.generatedLength == 0
      ? nil
      : RunShape.Answers(
        contextLength: tasks.generatedLength, sequences: min(recipe.evaluation.batchSize, tasks.questionCount))
    return shape
  }
}
