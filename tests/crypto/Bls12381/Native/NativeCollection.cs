using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Native;

namespace Bft.Crypto.Tests.Bls12381.Native;

/// <summary>Tests that change the backend of the process run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NativeCollection
{
    public const string Name = "native BLS backend";

    /// <summary>All other tests are of the managed code, also when a library is named.</summary>
    [ModuleInitializer]
    internal static void StayManaged() => BlsBackend.Use(BlsBackend.Choice.Managed());
}

/// <summary>A test that needs the C compiler.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StubFactAttribute : FactAttribute
{
    public StubFactAttribute() => Skip = BlstStub.Compiler is null ? StubTheoryAttribute.Reason : null;
}

/// <summary>Tests that need the C compiler.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StubTheoryAttribute : TheoryAttribute
{
    public const string Reason = "There is no C compiler \"cc\" to make the stand-in for blst with.";

    public StubTheoryAttribute() => Skip = BlstStub.Compiler is null ? Reason : null;
}

/// <summary>Tests of a real library.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BlstTheoryAttribute : TheoryAttribute
{
    public BlstTheoryAttribute() => Skip = string.IsNullOrEmpty(Library) ? $"{BlsBackend.Variable} names no blst library." : null;

    /// <summary>The library that the environment names.</summary>
    public static string? Library => Environment.GetEnvironmentVariable(BlsBackend.Variable);
}
