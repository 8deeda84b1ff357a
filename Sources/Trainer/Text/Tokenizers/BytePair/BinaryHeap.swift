/// A binary heap: the least element is popped first.
struct BinaryHeap<Element: Comparable> {
  private var elements: [Element] = []

  /// A heap without elements.
  init() {}

  /// Adds an element.
  mutating func push(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0, elements[child] < elements[(child - 1) / 2] {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Removes the element that goes first; nil where there is none.
  mutating func pop() -> Element? {
    guard let top = elements.first else { return nil }
    let last = elements.removeLast()
    if elements.isEmpty { return top }
    elements[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < elements.count && elements[child] < elements[least] {
        least = child
      }
      if least == parent { return top }
      elements.swapAt(parent, least)
      parent = least
    }
  }
}
