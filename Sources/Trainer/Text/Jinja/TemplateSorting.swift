/// Order of values by Python's comparison.
struct TemplateSorting {
  let budget: TemplateBudget

  /// Places of the keys in ascending or descending order; equal ones keep theirs.
  func order(of keys: [TemplateValue], isReversed: Bool) throws(TemplateFault) -> [Int] {
    try budget.spend(copies: 2 * keys.count)
    var order = Array(keys.indices)
    var width = 1
    // Merges neighbouring runs of 1, 2, 4, … places.
    while width < keys.count {
      var merged: [Int] = []
      merged.reserveCapacity(keys.count)
      for start in stride(from: 0, to: keys.count, by: 2 * width) {
        let (middle, end) = (min(start + width, keys.count), min(start + 2 * width, keys.count))
        var (left, right) = (start, middle)
        while left < middle || right < end {
          try budget.spend(steps: 1)
          let takesRight =
            if left == middle { true } else if right == end { false } else if isReversed {
              try keys[order[left]].precedes(keys[order[right]], budget)
            } else {
              try keys[order[right]].precedes(keys[order[left]], budget)
            }
          merged.append(order[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
      }
      order = merged
      width *= 2
    }
    return order
  }

  /// The key by which an item is sorted: its attribute, a string in lower case unless case counts.
  func key(
    of item: TemplateValue, at path: TemplateAttributePath, isCaseSensitive: Bool
  ) throws(TemplateFault) -> TemplateValue {
    let value = try path.value(of: item, budget)
    guard !isCaseSensitive, case .string(let text) = value else { return value }
    let plain = try budget.plain(text)
    try budget.spend(bytes: plain.utf8.count, times: 4)
    return .string(text.derived(plain.lowercased()))
  }

  /// The keys of items, as `key` makes them.
  func keys(
    of items: [TemplateValue], at path: TemplateAttributePath, isCaseSensitive: Bool
  ) throws(TemplateFault) -> [TemplateValue] {
    try budget.spend(copies: items.count)
    return try items.map { item throws(TemplateFault) in
      try key(of: item, at: path, isCaseSensitive: isCaseSensitive)
    }
  }
}

/// Values seen so far, as a Python `set` tells them apart.
struct TemplateValueSet {
  private enum HashedValue: Hashable {
    case none
    case number(Double)
    case text([UInt8])
  }

  private var keys: Set<HashedValue> = []
  private var others: [TemplateValue] = []

  /// Adds a value; returns false where it is there already.
  mutating func insert(_ value: TemplateValue, _ budget: TemplateBudget) throws(TemplateFault) -> Bool {
    try budget.spend(values: 1)
    switch value {
    case .none: return keys.insert(.none).inserted
    case .string(let text): return keys.insert(.text(Array(try budget.plain(text).utf8))).inserted
    case .list, .dictionary: throw TemplateFault("\(value.kindName) cannot be told apart by its hash, as in Python")
    default:
      if let number = value.asDouble, number.magnitude < 0x1p53 { return keys.insert(.number(number)).inserted }
      for other in others where try other.equals(value, budget) { return false }
      others.append(value)
      return true
    }
  }
}
