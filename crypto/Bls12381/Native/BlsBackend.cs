using System.Globalization;
using System.Runtime.InteropServices;
using Bft.Crypto.Signatures;

namespace Bft.Crypto.Bls12381.Native;

/// <summary>What computes on BLS12-381 in this process: the managed code, or a native blst library that gave the right answers. It changes speed alone, no byte and no verdict.</summary>
/// <remarks>
/// <para>Chosen once, at the first use. <see cref="Variable"/> names a library by path, or by a name for the system's loader; <c>managed</c> forbids any. When it is not set, a library of the usual name is taken from
/// the application's own folder or its <c>runtimes/…/native</c>, where packages put it: what lies there is trusted like the application itself. The system's folders are not searched:
/// merely being loadable is no reason to be given keys.</para>
/// <para>A library that lacks a function, has other sizes or fails one known answer (<see cref="BlstProbe"/>) is not used; <see cref="Notice"/> says why, once.</para>
/// </remarks>
public static class BlsBackend
{
    /// <summary>The environment variable: a library, or <c>managed</c>.</summary>
    public const string Variable = "BFT_BLST";

    private const int MostPathLength = 96;

    private static Choice _current = Choose(Environment.GetEnvironmentVariable(Variable), AppContext.BaseDirectory);

    /// <summary><c>managed</c>, or <c>blst</c> with the path of the library as it was named; blst itself tells no version.</summary>
    public static string Name => _current.Name;

    /// <summary>Why a library that was named or found is not used; null when there is nothing to say.</summary>
    public static string? Notice => _current.Notice;

    /// <summary>The library's arithmetic; null for the managed one.</summary>
    internal static BlstArithmetic? Native => _current.Native;

    /// <summary>What was chosen, and what there is to say about it.</summary>
    internal sealed record Choice(BlstArithmetic? Native, string Name, string? Notice)
    {
        public static Choice Managed(string? notice = null) => new(null, ISignatureScheme.Managed, notice);
    }

    /// <summary>Chooses.</summary>
    /// <param name="setting">The value of <see cref="Variable"/>; null or empty when it is not set.</param>
    /// <param name="folder">The application's.</param>
    internal static Choice Choose(string? setting, string folder)
    {
        if (string.Equals(setting, ISignatureScheme.Managed, StringComparison.Ordinal))
        {
            return Choice.Managed();
        }

        if (!string.IsNullOrEmpty(setting))
        {
            return Try(setting.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Path.GetFullPath(setting) : setting);
        }

        return Places(folder).FirstOrDefault(File.Exists) is { } found ? Try(found) : Choice.Managed();
    }

    /// <summary>Uses another choice until disposed of. For tests and measurements that run by themselves.</summary>
    internal static IDisposable Use(Choice choice)
    {
        var back = new Back(_current);
        _current = choice;
        return back;
    }

    /// <summary>Uses the managed code, or what was chosen, by its name, until disposed of. For measurements.</summary>
    /// <exception cref="ArgumentException">It is neither.</exception>
    internal static IDisposable UseNamed(string name) => name == Name
        ? Use(_current)
        : name == ISignatureScheme.Managed ? Use(Choice.Managed()) : throw new ArgumentException($"There is no backend {name}; there are {ISignatureScheme.Managed} and {Name}.", nameof(name));

    private static Choice Try(string library)
    {
        if (BlstLibrary.TryLoad(library, out BlstLibrary? loaded) is { } refusal)
        {
            return Refused(library, refusal);
        }

        var native = new BlstArithmetic(loaded!);
        return BlstProbe.FindFault(native) is { } fault ? Refused(library, fault) : new Choice(native, $"blst ({Shown(library)})", null);
    }

    private static Choice Refused(string library, string reason) => Choice.Managed(
        string.Create(CultureInfo.InvariantCulture, $"The BLS library {Shown(library)} is not used, the managed code is: {reason}. Name another one by {Variable}, or set it to \"{ISignatureScheme.Managed}\"."));

    private static IEnumerable<string> Places(string folder)
    {
        string name = OperatingSystem.IsWindows() ? "blst.dll" : OperatingSystem.IsMacOS() ? "libblst.dylib" : "libblst.so";
        return [Path.Combine(folder, name), Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", name)];
    }

    // It goes over the network and to terminals.
    private static string Shown(string path)
    {
        string printable = string.Concat(path.Select(static one => char.IsControl(one) ? '?' : one));
        return printable.Length <= MostPathLength ? printable : $"…{printable[^MostPathLength..]}";
    }

    private sealed class Back(Choice choice) : IDisposable
    {
        public void Dispose() => _current = choice;
    }
}
