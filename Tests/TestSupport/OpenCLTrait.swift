import Testing

extension Trait where Self == ConditionTrait {
  /// Skips a suite or test, with a message, where there is no OpenCL device.
  package static var onOpenCL: ConditionTrait {
    .enabled(if: OpenCLDevices.arePresent, Comment(rawValue: OpenCLDevices.absence))
  }
}
