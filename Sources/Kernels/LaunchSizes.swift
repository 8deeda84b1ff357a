/// Sizes of a launch that suit a class of devices.
package struct LaunchSizes: Sendable, Equatable {
  /// Work-items of a row or element-wise kernel's group.
  package let workGroupSize: Int
  /// Floats that a work-item reads at once.
  package let vectorWidth: Int
  /// Elements that one group of an element-wise kernel handles.
  package let groupElements: Int

  /// - Parameter kind: other than the device's own: what a GPU runs can be checked on a CPU device.
  package init(device: Device, as kind: Device.Kind? = nil) {
    switch kind ?? device.kind {
    case .cpu:
      // A CPU's work-item is a core's loop over vectors: groups of one, as wide as the widest registers.
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
