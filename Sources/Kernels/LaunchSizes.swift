/// Sizes of a launch that suit a class of devices.
package struct LaunchSizes: Sendable, Equatable {
  /// Work-items in a group of a row or element-wise kernel.
  package let workGroupSize: Int
  /// Floats that a work-item reads at once.
  package let vectorWidth: Int
  /// Elements that a group of an element-wise kernel handles.
  package let groupElements: Int

  /// - Parameter kind: a kind other than the device's own, so that a CPU device can check the sizes of a GPU.
  package init(device: Device, as kind: Device.Kind? = nil) {
    switch kind ?? device.kind {
    case .cpu:
      // A CPU device runs a work-item as a loop over vectors on one core: groups of one, as wide as the widest
      // registers.
      (workGroupSize, vectorWidth, groupElements) = (1, 16, 16384)
    case .gpu, .accelerator:
      (workGroupSize, vectorWidth, groupElements) = (min(128, device.maxWorkGroupSize), 4, 1024)
    }
  }

  /// The defines that row and element-wise kernels are compiled with.
  package var defines: Defines {
    ["WG_SIZE": workGroupSize, "VECTOR_WIDTH": vectorWidth, "GROUP_ELEMENTS": groupElements]
  }
}
