import Foundation

/// Formats dates for `strftime_now`: in English and UTC, whatever the machine's locale.
enum TemplateClock {
  private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  static func format(_ pattern: String, date: Date) throws(TemplateFault) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second, .weekday], from: date)
    let month = months[(parts.month ?? 1) - 1]
    let day = days[(parts.weekday ?? 1) - 1]
    func twoDigits(_ value: Int?) -> String { (value ?? 0) < 10 ? "0\(value ?? 0)" : "\(value ?? 0)" }

    var result = ""
    var scalars = pattern.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%", let code = scalars.popFirst() else {
        result.unicodeScalars.append(scalar)
        continue
      }
      switch code {
      case "Y": result += "\(parts.year ?? 0)"
      case "y": result += twoDigits((parts.year ?? 0) % 100)
      case "m": result += twoDigits(parts.month)
      case "d": result += twoDigits(parts.day)
      case "B": result += month
      case "b": result += month.prefix(3)
      case "A": result += day
      case "a": result += day.prefix(3)
      case "H": result += twoDigits(parts.hour)
      case "M": result += twoDigits(parts.minute)
      case "S": result += twoDigits(parts.second)
      case "%": result += "%"
      default: throw TemplateFault("strftime_now does not know %\(code)")
      }
    }
    return result
  }
}
